/* change - commands that change the records, as JSON in and out: one row each.
 *
 * The same function runs in the hub (control.h) and, when no server runs, in the CLI itself.
 *   {"do":"user add","name":"an","full_name":"…","role":"agency","agency":"so-tttt","language":"vi",
 *    "password":"…"}                       → {"name":"an"}
 *   {"do":"user password","name":"an","password":"…"}
 *   {"do":"user disable","name":"an","disabled":true}
 *   {"do":"import","sheet":"agencies","file":"agencies.csv","bytes":BASE64,"store":true}
 *                                          → {"fresh":n,"changed":n,"unchanged":n,"wrong":n,"stored":b,
 *                                             "errors":[{place,sentence,sentence_vi,hint}]}
 *   {"do":"enrol","source":KEY or "relay":KEY,"agency":KEY,"with_key":b,"days":n,"folder":"/…"}
 *       → {"name":"haidang-KEY.zip","zip":BASE64,"password":…,"until":ns,"certificate":…}: once; agency
 *         makes a relay that is not there yet
 *   {"do":"enrol register","source":KEY or "relay":KEY,"bytes":BASE64} → {"certificate":…}
 *   {"do":"enrol revoke","certificate":SHA256,"reason":"…"} → {"certificate":…}
 *   {"do":"archive import","from":"…","files":n,"events":n,"days":n} → {}: the audit log's row alone
 *   {"do":"incident package","incident":n,"sha256":"…","events":n,"reason":"…"} → {}: into the time line
 *   {"do":"archive retain"} → {"asked":time}: the hub's keeper looks at once
 *   {"do":"source token","source":"so-tttt.cong.web01"} → {"source":…,"token":…}: shown once
 * To add one: a row in change.c.
 */
#ifndef SERVE_CHANGE_H
#define SERVE_CHANGE_H

#include "base/buffer.h"
#include "base/json.h"
#include "enrol/office.h"
#include "records/records.h"

#define CHANGE_BYTES_MAX (32u * 1024 * 1024) /* a request, with the sheet in it */

/* Runs the request as the system's own actor and writes its result as one JSON object. False: nothing
 * was changed. */
bool change_apply(struct records *records, struct office *office, const struct json *request,
                  struct arena *arena, struct buffer *result_out, struct error *e);

#endif
