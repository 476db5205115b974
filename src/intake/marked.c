#include "intake/marked.h"

#define NO_MEMORY "the server has no memory left"

static struct load *unmarked(struct web_request *request, const struct marked_face *face)
{
    struct load *load = load_new(request->listener, request->http, face->dialect, &request->source);

    if (!load)
        face->refuse(request->http, 503, NO_MEMORY);
    return load;
}

/* New, or a part of it is stored. */
static struct load *begin(struct web_request *request, const struct marked_face *face,
                          const struct batch_mark *mark, struct repeats_known *known)
{
    struct load *load = unmarked(request, face);

    if (load)
        load_repeatable(load, request->repeats, mark, known);
    else
        repeats_end(request->repeats, mark, false, 0, SLICE_NONE);
    return load;
}

struct load *marked_load(struct web_request *request, const struct marked_face *face)
{
    struct slice text = slice_trim(http_header(request->http, "X-Batch-Id"));
    struct batch_mark mark = repeats_mark(request->source.key, text, 0);
    struct repeats_known known;
    struct load *load = NULL;

    if (text.len == 0)
        return unmarked(request, face);
    if (text.len > REPEATS_MARK_MOST) {
        face->refuse(request->http, 400, "the batch's id is too long");
        return NULL;
    }
    switch (repeats_begin(request->repeats, &mark, &known)) {
    case REPEAT_NEW:
    case REPEAT_PARTLY:
        load = begin(request, face, &mark, &known);
        break;
    case REPEAT_ON_ITS_WAY:
        http_reply_header(request->http, "Retry-After", SLICE("1"));
        face->refuse(request->http, 429, "this batch is on its way; ask again");
        break;
    case REPEAT_STORED:
        listener_repeat(request->listener, &request->source, slice_of(face->dialect->protocol),
                        known.count);
        face->again(request, &known);
        break;
    }
    repeats_known_free(&known);
    return load;
}
