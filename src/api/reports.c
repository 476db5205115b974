#include "api/private.h"
#include "api/resource.h"
#include "report/report.h"

#define WORD "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

/* The very result that the matrix shows, as an official paper. */
bool api_report_standing(struct api_call *call)
{
    STANDING_VIEW view = { 0 };
    char name[REPORT_NAME];

    if (!standings_read(call, api_text(call, "period"), standings_at(call), &view))
        return false;
    if (!report_standing(view.result, SLICE_NONE, &call->body, &call->error))
        return false;
    report_standing_name(view.result, name);
    call->type = WORD;
    http_reply_header(call->request, "Content-Disposition",
                      arena_print(call->arena, "attachment; filename=\"%s\"", name));
    return true;
}
