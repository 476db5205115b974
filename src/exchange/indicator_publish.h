/* indicator_publish - the records' indicators as the table that the pipeline maps. */
#ifndef EXCHANGE_INDICATOR_PUBLISH_H
#define EXCHANGE_INDICATOR_PUBLISH_H

#include "base/error.h"
#include "records/records.h"

/* Writes indicators in force, the allow-list of the folder (indicators/) and what people added to it
 * to `path`, unless the table there is of the same records and folder. *fresh_out: it was written.
 * False: the table that was there stays. */
bool indicator_publish(struct records *records, const char *folder, const char *path,
                       bool *fresh_out, struct error *e);

#endif
