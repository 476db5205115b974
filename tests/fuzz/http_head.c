/* Whole requests as bytes: request line, headers, GETs of every face. "TOKEN" alone in a line stands for
 * the header with the source's token. What is answered is an answer of HTTP. */
#include "http_faces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char mark[] = "\nTOKEN\n";
    struct slice text = slice_from(data, size);
    BUFFER_AUTO request;
    size_t at = slice_find(text, slice_of(mark));

    buffer_init(&request, 1 << 20);
    buffer_add(&request, slice_cut(text, 0, at));
    if (at < text.len) {
        buffer_add(&request, SLICE("\r\n" FACE_TOKEN));
        buffer_add(&request, slice_after(text, at + sizeof mark - 1));
    }
    if (request.failed)
        return 0;
    struct slice reply = faces_ask("", buffer_slice(&request), true);
    if (reply.len && !slice_starts(reply, SLICE("HTTP/1.")))
        abort();
    return 0;
}
