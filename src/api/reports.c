#include "api/private.h"
#include "api/resource.h"

bool api_report_standing(struct api_call *call)
{
    return api_fail(call, 503, "report_down", NULL, "the report cannot be made now");
}
