/* regime - a dated set of legal constants, read from regimes/<id>.yaml. The law is data.
 *
 * Good: regime_number(regime, "incident_days", …), with its source and whether it is confirmed.
 * Never: a percentage, a deadline or a receiver in code.
 */
#ifndef PLAN_REGIME_H
#define PLAN_REGIME_H

#include "plan/calendar.h"

/* A text in both languages. */
struct plan_words {
    struct slice vi, en;
};

static inline struct slice plan_words_in(const struct plan_words *words, const char *language)
{
    bool vi = language && language[0] == 'v' && language[1] == 'i';
    return vi || !words->en.len ? words->vi : words->en;
}

enum regime_value_kind { REGIME_NUMBER, REGIME_DAY, REGIME_SHARE, REGIME_TEXT };

struct regime_value {
    struct slice name;
    struct plan_words title;
    enum regime_value_kind kind;
    int64_t number;             /* REGIME_NUMBER */
    int month, day;             /* REGIME_DAY: of each year; exclusive where it is a limit */
    int64_t num, of;            /* REGIME_SHARE: num ÷ of */
    struct plan_words text;     /* REGIME_TEXT */
    struct slice source;        /* the paragraph of law, or what else it rests on */
    bool confirmed;             /* false: to be confirmed, and shown so */
};

struct regime {
    struct slice id;
    struct plan_words title;
    struct slice holds_from, holds_to;  /* days, both included; holds_to empty: still holds */
    struct slice superseded_by;         /* id; empty: none */
    const struct regime *successor;     /* loaded too; NULL: none */
    struct regime_value *values;
    uint32_t value_count;
    int cutoff;                         /* of its periods */
    struct calendar calendar;
};

/* Reads folder/<id>.yaml, its calendar and its successor. Memory is the arena's. False with
 * file:line:column. */
bool regime_load(const char *folder, struct slice id, struct arena *arena,
                 struct regime **regime_out, struct error *e);
/* NULL when the regime sets none of that name. */
const struct regime_value *regime_value(const struct regime *regime, struct slice name);
int64_t regime_number(const struct regime *regime, const char *name, int64_t fallback);

#endif
