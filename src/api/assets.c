#include "api/assets.h"

#include "base/text.h"

/* Made by pack_assets.py. */
extern const unsigned char asset_pack[];

static const char missing_page[] =
    "<!doctype html><html lang=\"vi\"><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    "<title>Hải Đăng</title>"
    "<body style=\"font-family:system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 "
    "1rem;"
    "line-height:1.6\"><h1>Hải Đăng</h1>"
    "<p>Chương trình này được dựng không kèm giao diện web. Chạy <code>make console</code>, rồi "
    "<code>make build</code> và khởi động lại. Giao diện lập trình (API) vẫn hoạt động.</p>"
    "<p lang=\"en\">This program was built without its web console. Run <code>make console</code>, "
    "then <code>make build</code>, and start it again. The API works all the "
    "same.</p></body></html>";

const struct asset *asset_list(size_t *count_out)
{
    *count_out = asset_count;
    return asset_table;
}

static const struct asset *find(struct slice path)
{
    for (size_t i = 0; i < asset_count; i++)
        if (slice_is(path, asset_table[i].path))
            return &asset_table[i];
    return NULL;
}

/* The console finds its pages by itself: every address but files. Those stand in /assets/, or at the
 * top with a dot in the name; below, a dot belongs to a key: /sources/so-tttt.cong.web01. */
static bool is_page(struct slice path)
{
    if (slice_starts(path, SLICE("/assets/")) || slice_find(path, SLICE("..")) < path.len)
        return false;
    struct slice rest = slice_after(path, 1);
    bool top = slice_find_byte(rest, '/') == rest.len;
    return !top || slice_find_byte(rest, '.') == rest.len;
}

static bool takes_gzip(const struct http_request *request)
{
    struct slice rest = http_header(request, "Accept-Encoding"), part;

    while (rest.data && slice_split(&rest, ',', &part)) {
        struct slice name = slice_trim(slice_cut(part, 0, slice_find_byte(part, ';')));
        if (slice_equal_nocase(name, SLICE("gzip")))
            return slice_find(part, SLICE("q=0")) == part.len ||
                   slice_find(part, SLICE("q=0.")) < part.len;
    }
    return false;
}

static void send(struct http_request *request, const struct asset *asset)
{
    bool packed = asset->gzip_size && takes_gzip(request);
    struct slice body = packed ? slice_from(asset_pack + asset->gzip_at, asset->gzip_size)
                               : slice_from(asset_pack + asset->at, asset->size);

    http_reply_header(request, "Cache-Control",
                      asset->immutable ? SLICE("public, max-age=31536000, immutable")
                                       : SLICE("no-cache"));
    http_reply_header(request, "ETag", slice_of(asset->etag));
    if (asset->gzip_size)
        http_reply_header(request, "Vary", SLICE("Accept-Encoding"));
    if (slice_is(http_header(request, "If-None-Match"), asset->etag)) {
        http_reply(request, 304, NULL, SLICE(""));
        return;
    }
    if (packed)
        http_reply_header(request, "Content-Encoding", SLICE("gzip"));
    http_reply(request, 200, asset->type, body);
}

static void refuse(struct http_request *request, unsigned status, const char *sentence,
                   const char *language)
{
    http_reply_header(request, "Cache-Control", SLICE("no-store"));
    http_reply(request, status, "text/plain; charset=utf-8", slice_of(text_in(language, sentence)));
}

void asset_reply(struct http_request *request, const char *language)
{
    const struct asset *asset = find(request->path);

    http_reply_security(request);
    if (request->method != HTTP_GET && request->method != HTTP_HEAD) {
        http_reply_header(request, "Allow", SLICE("GET, HEAD"));
        refuse(request, 405, "this cannot be done here", language);
        return;
    }
    if (!asset && is_page(request->path))
        asset = find(SLICE("/index.html"));
    if (asset) {
        send(request, asset);
    } else if (asset_count == 0 && is_page(request->path)) {
        http_reply_header(request, "Cache-Control", SLICE("no-store"));
        http_reply(request, 200, "text/html; charset=utf-8", slice_of(missing_page));
    } else {
        refuse(request, 404, "there is no such thing", language);
    }
}
