/* alarm - alerts that the program raises itself, not a rule: a source fell silent, its clock is wrong,
 * a listener loses the canary, the disk is almost full, a file of the archive is damaged.
 *
 * They stand among the other alerts of the agency whose source it is (none: only the lead and the
 * admin see them), people triage them as any other, and they close themselves when what they told of
 * is over. One a rule, entity and day; raised again on that day, a closed one is open again.
 */
#ifndef RECORDS_ALARM_H
#define RECORDS_ALARM_H

#include "records/records.h"

#define ALARM_SILENT "haidang.source_silent"
#define ALARM_CLOCK "haidang.clock_wrong"
#define ALARM_CANARY "haidang.canary_lost"
#define ALARM_DISK "haidang.disk_full"
#define ALARM_DAMAGE "haidang.archive_damaged"
#define ALARM_CERTIFICATE "haidang.certificate_ending"

struct records_alarm {
    const char *rule;                    /* ALARM_… */
    struct slice title, title_vi;
    int level;                           /* 0..4 */
    struct slice agency, system, source; /* empty: of the machine itself */
    struct slice entity;                 /* "source=so-tc.web01" */
    int64_t since;                       /* when it began */
};

bool records_alarm_raise(struct records *records, const struct records_alarm *alarm,
                         struct error *e);
/* Closes what is open (new or taken) of that rule and entity; fine when nothing is. reason: both
 * languages. *closed_out (may be NULL): how many. */
bool records_alarm_end(struct records *records, const char *rule, struct slice entity,
                       struct slice reason, uint32_t *closed_out, struct error *e);

#endif
