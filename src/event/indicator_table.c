#include "event/indicator_table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"

static const char magic[8] = { 'H', 'D', 'I', 'N', 'D', 0, 0, 1 };

enum section { SECTION_FILTER, SECTION_DIRECTORY, SECTION_ENTRY, SECTION_TEXT, SECTION_SOURCE,
               SECTIONS };

struct indicator_table_head {
    char magic[8];
    uint64_t checksum;           /* of all behind it */
    uint64_t size, generation;
    uint32_t count, allowed;     /* all entries; of them the allow-list's */
    uint32_t filter_bits, directory_bits, types, source_count;
    uint64_t lengths[3], allow_lengths[3];
    struct { uint64_t at, size; } sections[SECTIONS];
};

#define ENTRY_ALLOW 1u

struct entry {
    uint64_t hash;
    uint32_t text_at;            /* of the key */
    uint32_t note_at;            /* of u16 length and bytes; 0: none */
    uint32_t valid_until;        /* seconds since 1970; 0: open */
    uint32_t pad;
    uint16_t text_len, source;
    uint8_t type, confidence, tlp, flags;
};

struct source { uint32_t name_at, name_len, license_at, license_len; };

struct indicator_table {
    const struct indicator_table_head *head;
    const uint8_t *filter;
    const uint32_t *directory;
    const struct entry *entries;
    const char *text;
    const struct source *sources;
    size_t size;
    bool mapped;
};

/* ---- building ------------------------------------------------------------------------------------ */

struct indicator_builder {
    struct buffer entries, text, sources;
    struct map notes, source_numbers;   /* text → offset, number + 1 */
    struct arena arena;                 /* keys of the maps */
    uint32_t count, allowed, source_count;
    uint64_t lengths[2][3];      /* of indicators, of the allow-list */
    unsigned types;
};

#define SECTION_MOST ((size_t)4 << 30)

struct indicator_builder *indicator_builder_new(void)
{
    struct indicator_builder *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    buffer_init(&b->entries, SECTION_MOST);
    buffer_init(&b->text, SECTION_MOST);
    buffer_init(&b->sources, 0);
    arena_init(&b->arena, ARENA_NO_CEILING);
    buffer_add_byte(&b->text, '\0'); /* so that no text stands at 0 */
    return b;
}

void indicator_builder_free(struct indicator_builder **builder)
{
    struct indicator_builder *b = *builder;
    *builder = NULL;
    if (!b)
        return;
    buffer_free(&b->entries);
    buffer_free(&b->text);
    buffer_free(&b->sources);
    map_free(&b->notes);
    map_free(&b->source_numbers);
    arena_free(&b->arena);
    free(b);
}

/* Feeds repeat their few notes: each is kept once, up to a bound. */
static uint32_t put_note(struct indicator_builder *b, struct slice note)
{
    note = slice_cut(note, 0, 500);
    if (!note.len)
        return 0;
    uint32_t at = (uint32_t)(uintptr_t)map_get(&b->notes, note);
    if (at)
        return at;
    at = (uint32_t)b->text.len;
    buffer_add_u16(&b->text, (uint16_t)note.len);
    buffer_add(&b->text, note);
    if (b->notes.count < 200000) {
        struct slice key = arena_copy(&b->arena, note);
        if (key.data)
            map_put(&b->notes, key, (void *)(uintptr_t)at);
    }
    return at;
}

static bool put_source(struct indicator_builder *b, const struct indicator_row *row,
                       uint16_t *number_out, struct error *e)
{
    uintptr_t known = (uintptr_t)map_get(&b->source_numbers, row->source);
    if (!known) {
        if (b->source_count == INDICATOR_SOURCES_MOST)
            return error_set(e, "there are more than %u sources of indicators",
                             INDICATOR_SOURCES_MOST);
        struct slice key = arena_copy(&b->arena, row->source.len ? row->source : SLICE("-"));
        known = ++b->source_count;
        if (!key.data || !map_put(&b->source_numbers, row->source.len ? key : SLICE(""),
                                  (void *)known))
            return error_set(e, "not enough memory for the indicators");
        struct source source = { (uint32_t)b->text.len, (uint32_t)row->source.len,
                                 (uint32_t)(b->text.len + row->source.len),
                                 (uint32_t)row->license.len };
        buffer_add(&b->text, row->source);
        buffer_add(&b->text, row->license);
        buffer_add(&b->sources, slice_from(&source, sizeof source));
    }
    *number_out = (uint16_t)(known - 1);
    return true;
}

bool indicator_builder_add(struct indicator_builder *b, const struct indicator_row *row,
                           struct error *e)
{
    struct entry entry = { .type = (uint8_t)row->type, .confidence = (uint8_t)row->confidence,
                           .tlp = (uint8_t)row->tlp, .flags = row->allow ? ENTRY_ALLOW : 0 };
    if (b->count == INDICATOR_ENTRIES_MOST)
        return error_set(e, "there are more than %u indicators", INDICATOR_ENTRIES_MOST);
    if (!row->key.len || row->key.len > INDICATOR_KEY_MOST || row->type >= INDICATOR_TYPES)
        return error_set(e, "this indicator has no value");
    entry.note_at = put_note(b, row->note);
    if (!put_source(b, row, &entry.source, e))
        return false;
    entry.hash = indicator_hash(row->type, row->key);
    entry.text_at = (uint32_t)b->text.len;
    entry.text_len = (uint16_t)row->key.len;
    if (row->valid_until > 0)
        entry.valid_until = (uint32_t)(row->valid_until / CLOCK_SECOND);
    buffer_add(&b->text, row->key);
    buffer_add(&b->entries, slice_from(&entry, sizeof entry));
    if (b->text.failed || b->entries.failed || b->sources.failed)
        return error_set(e, "not enough memory for the indicators");
    b->count++;
    b->allowed += row->allow;
    b->types |= row->allow ? 0 : 1u << row->type;
    if (row->type == INDICATOR_TYPE_NETWORK) {
        unsigned bits = (unsigned char)row->key.data[0];
        b->lengths[row->allow][bits / 64] |= UINT64_C(1) << bits % 64;
    }
    return true;
}

static int by_hash(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    if (x->flags != y->flags)
        return x->flags > y->flags ? -1 : 1;
    return (int)y->confidence - (int)x->confidence;
}

static unsigned bits_for(uint64_t count, unsigned least)
{
    unsigned bits = least;
    while (bits < 36 && (UINT64_C(1) << bits) < count)
        bits++;
    return bits;
}

/* Where a hash falls when its first `bits` bits count. */
static inline uint64_t top(uint64_t hash, unsigned bits)
{
    return hash >> (64 - bits);
}

static void put_section(struct buffer *out, struct indicator_table_head *head, enum section section,
                        struct slice bytes)
{
    while (out->len % 16 && !out->failed)
        buffer_add_byte(out, '\0');
    head->sections[section].at = out->len;
    head->sections[section].size = bytes.len;
    buffer_add(out, bytes);
}

static bool build(struct indicator_builder *b, uint64_t generation, struct buffer *out,
                  struct error *e)
{
    struct indicator_table_head head = {
        .generation = generation, .count = b->count, .allowed = b->allowed, .types = b->types,
        .filter_bits = bits_for((uint64_t)b->count * 16, 6),
        .directory_bits = bits_for(b->count, 1), .source_count = b->source_count,
    };
    struct entry *entries = (struct entry *)(void *)b->entries.data;
    size_t filter_size = (size_t)1 << (head.filter_bits - 3);
    size_t runs = ((size_t)1 << head.directory_bits) + 1;
    uint8_t *filter = calloc(filter_size, 1);
    uint32_t *directory = calloc(runs, sizeof *directory);
    memcpy(head.magic, magic, sizeof magic);
    memcpy(head.lengths, b->lengths[0], sizeof head.lengths);
    memcpy(head.allow_lengths, b->lengths[1], sizeof head.allow_lengths);
    if (b->count)
        qsort(entries, b->count, sizeof *entries, by_hash);
    for (uint32_t i = 0; filter && directory && i < b->count; i++) {
        uint64_t bit = top(entries[i].hash, head.filter_bits);
        filter[bit / 8] |= (uint8_t)(1u << bit % 8);
        directory[top(entries[i].hash, head.directory_bits) + 1]++;
    }
    for (size_t i = 1; directory && i < runs; i++)
        directory[i] += directory[i - 1];
    if (filter && directory) {
        buffer_add(out, slice_from(&head, sizeof head));
        put_section(out, &head, SECTION_FILTER, slice_from(filter, filter_size));
        put_section(out, &head, SECTION_DIRECTORY, slice_from(directory, runs * sizeof *directory));
        put_section(out, &head, SECTION_ENTRY, buffer_slice(&b->entries));
        put_section(out, &head, SECTION_TEXT, buffer_slice(&b->text));
        put_section(out, &head, SECTION_SOURCE, buffer_slice(&b->sources));
    }
    bool fine = filter && directory && !out->failed;
    free(filter);
    free(directory);
    if (!fine)
        return error_set(e, "not enough memory for the indicators");
    head.size = out->len;
    memcpy(out->data, &head, sizeof head);
    size_t behind = offsetof(struct indicator_table_head, size);
    head.checksum = slice_hash(slice_after(buffer_slice(out), behind));
    memcpy(out->data, &head, sizeof head);
    return true;
}

bool indicator_builder_save(struct indicator_builder *b, uint64_t generation, const char *path,
                            struct error *e)
{
    BUFFER_AUTO out;
    buffer_init(&out, SECTION_MOST * 3);
    return build(b, generation, &out, e) && file_replace(path, buffer_slice(&out), 0600, e);
}

/* ---- opening ------------------------------------------------------------------------------------- */

static const void *section_of(const struct indicator_table_head *head, enum section section,
                              size_t size, size_t wanted)
{
    uint64_t at = head->sections[section].at, len = head->sections[section].size;
    if (at % 8 || at > size || len > size - at || len < wanted)
        return NULL;
    return (const char *)head + at;
}

static bool take(const void *bytes, size_t size, struct indicator_table *t)
{
    const struct indicator_table_head *head = bytes;
    if (size < sizeof *head || memcmp(head->magic, magic, sizeof magic) != 0 || head->size != size ||
        head->filter_bits < 6 || head->filter_bits > 40 || head->directory_bits < 1 ||
        head->directory_bits > 36 || head->count > INDICATOR_ENTRIES_MOST ||
        head->allowed > head->count)
        return false;
    size_t behind = offsetof(struct indicator_table_head, size);
    if (slice_hash(slice_from((const char *)bytes + behind, size - behind)) != head->checksum)
        return false;
    t->head = head;
    t->size = size;
    t->filter = section_of(head, SECTION_FILTER, size, (size_t)1 << (head->filter_bits - 3));
    t->directory = section_of(head, SECTION_DIRECTORY, size,
                              (((size_t)1 << head->directory_bits) + 1) * sizeof *t->directory);
    t->entries = section_of(head, SECTION_ENTRY, size, head->count * sizeof *t->entries);
    t->text = section_of(head, SECTION_TEXT, size, 1);
    t->sources = section_of(head, SECTION_SOURCE, size, head->source_count * sizeof *t->sources);
    return t->filter && t->directory && t->entries && t->text && t->sources;
}

bool indicator_builder_table(struct indicator_builder *b, struct indicator_table **out,
                             struct error *e)
{
    struct buffer bytes;
    struct indicator_table *t = calloc(1, sizeof *t);
    buffer_init(&bytes, SECTION_MOST * 3);
    if (!t || !build(b, 0, &bytes, e) || !take(bytes.data, bytes.len, t)) {
        buffer_free(&bytes);
        free(t);
        return error_set(e, "not enough memory for the indicators");
    }
    *out = t; /* it owns the buffer's bytes */
    return true;
}

bool indicator_table_open(const char *path, struct indicator_table **out, struct error *e)
{
    FILE_AUTO fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat s;
    if (fd < 0 || fstat(fd, &s) != 0)
        return error_errno(e, errno, "cannot open %s", path);
    struct indicator_table *t = calloc(1, sizeof *t);
    void *bytes = t && s.st_size > 0
                      ? mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (!t || bytes == MAP_FAILED || !take(bytes, (size_t)s.st_size, t)) {
        if (bytes != MAP_FAILED)
            munmap(bytes, (size_t)s.st_size);
        free(t);
        return error_set(e, "%s is damaged, or no table of indicators", path);
    }
    t->mapped = true;
    *out = t;
    return true;
}

void indicator_table_close(struct indicator_table **table)
{
    struct indicator_table *t = *table;
    *table = NULL;
    if (!t)
        return;
    if (t->mapped)
        munmap((void *)(uintptr_t)t->head, t->size);
    else
        free((void *)(uintptr_t)t->head);
    free(t);
}

/* ---- asking -------------------------------------------------------------------------------------- */

uint32_t indicator_table_count(const struct indicator_table *t)
{
    return t->head->count - t->head->allowed;
}

uint64_t indicator_table_generation(const struct indicator_table *t)
{
    return t->head->generation;
}

size_t indicator_table_bytes(const struct indicator_table *t)
{
    return t->size;
}

const uint64_t *indicator_table_lengths(const struct indicator_table *t, bool allow)
{
    return allow ? t->head->allow_lengths : t->head->lengths;
}

unsigned indicator_table_types(const struct indicator_table *t)
{
    return t->head->types;
}

static struct slice text_of(const struct indicator_table *t, uint64_t at, uint64_t len)
{
    uint64_t size = t->head->sections[SECTION_TEXT].size;
    if (at > size || len > size - at)
        return SLICE_NONE;
    return slice_from(t->text + at, len);
}

static bool is_entry(const struct indicator_table *t, uint32_t i, enum indicator_type type,
                     uint64_t hash, struct slice key)
{
    const struct entry *entry = &t->entries[i];
    return entry->hash == hash && entry->type == type &&
           slice_equal(text_of(t, entry->text_at, entry->text_len), key);
}

uint32_t indicator_table_find(const struct indicator_table *t, enum indicator_type type,
                              uint64_t hash, struct slice key, uint32_t *count_out)
{
    uint64_t bit = top(hash, t->head->filter_bits);
    if (!(t->filter[bit / 8] >> bit % 8 & 1))
        return INDICATOR_NONE;
    uint64_t run = top(hash, t->head->directory_bits);
    uint32_t i = t->directory[run], end = t->directory[run + 1];
    if (end > t->head->count)
        end = t->head->count;
    while (i < end && !is_entry(t, i, type, hash, key))
        i++;
    if (i >= end)
        return INDICATOR_NONE;
    uint32_t last = i + 1;
    while (last < end && is_entry(t, last, type, hash, key))
        last++;
    *count_out = last - i;
    return i;
}

struct indicator_row indicator_table_row(const struct indicator_table *t, uint32_t i)
{
    const struct entry *entry = &t->entries[i];
    struct indicator_row row = {
        .type = entry->type < INDICATOR_TYPES ? (enum indicator_type)entry->type
                                              : INDICATOR_TYPE_DOMAIN,
        .key = text_of(t, entry->text_at, entry->text_len),
        .confidence = entry->confidence,
        .tlp = entry->tlp < TLPS ? (enum indicator_tlp)entry->tlp : TLP_RED,
        .valid_until = (int64_t)entry->valid_until * CLOCK_SECOND,
        .allow = (entry->flags & ENTRY_ALLOW) != 0,
    };
    struct slice len = entry->note_at ? text_of(t, entry->note_at, 2) : SLICE_NONE;
    if (len.len)
        row.note = text_of(t, entry->note_at + 2, (uint8_t)len.data[0] | (uint8_t)len.data[1] << 8);
    if (entry->source < t->head->source_count) {
        const struct source *source = &t->sources[entry->source];
        row.source = text_of(t, source->name_at, source->name_len);
        row.license = text_of(t, source->license_at, source->license_len);
    }
    return row;
}

struct slice indicator_key_text(enum indicator_type type, struct slice key, char *out)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    static const char digits[] = "0123456789abcdef";
    if (type >= INDICATOR_TYPE_MD5) {
        for (size_t i = 0; i < key.len && i < 32; i++) {
            out[2 * i] = digits[(uint8_t)key.data[i] >> 4];
            out[2 * i + 1] = digits[(uint8_t)key.data[i] & 15];
        }
        return slice_from(out, 2 * key.len);
    }
    if (type > INDICATOR_TYPE_NETWORK || key.len < 16)
        return key;
    const char *address = key.data + key.len - 16;
    bool v4 = memcmp(address, mapped, sizeof mapped) == 0;
    inet_ntop(v4 ? AF_INET : AF_INET6, address + (v4 ? 12 : 0), out, INET6_ADDRSTRLEN);
    size_t len = strlen(out);
    if (type == INDICATOR_TYPE_NETWORK)
        len += (size_t)snprintf(out + len, 8, "/%u", (uint8_t)key.data[0] - (v4 ? 96u : 0u));
    return slice_from(out, len);
}
