/* systemd-journal-upload: a request whose answer was lost is sent again, longer; then once more. The first
 * byte says how much of it came the first time. What was answered 200 is not stored a second time, and
 * what was stored under the requests of before (all of one journal) makes nothing go missing. */
#include "http_faces.h"

#include "base/buffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t stored(void)
{
    struct intake_statistics rows[INTAKE_LISTENERS_MOST];
    size_t count = intake_statistics(faces()->intake, rows);
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += rows[i].stored;
    return sum;
}

/* The entries that the answer names; 0: it was none, or it came too late. */
static uint64_t upload(struct slice body)
{
    struct slice said;
    uint64_t count = 0;
    if (faces_post("/upload", body, &said) != 200)
        return 0;
    if (!slice_starts(said, SLICE("OK, ")) ||
        !slice_to_u64(slice_cut(said, 4, slice_find(said, SLICE(" entries"))), &count))
        abort();
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    BUFFER_AUTO text;
    buffer_init(&text, 1u << 24);
    if (size == 0)
        return 0;
    struct slice rest = slice_from(data + 1, size - 1);
    if (slice_find(rest, SLICE("__CURSOR")) < rest.len)
        return 0; /* several cursors are none */
    buffer_print(&text, "__CURSOR=s=0123;i=1\n");
    size_t head = text.len;
    buffer_add(&text, rest);
    struct slice whole = buffer_slice(&text);
    upload(slice_cut(whole, 0, head + rest.len * data[0] / 255));
    uint64_t before = stored(), count = upload(whole), between = stored();
    if (!count)
        return 0;
    uint64_t again = upload(whole);
    if (between - before > count || (again && (again != count || stored() != between)))
        abort();
    return 0;
}
