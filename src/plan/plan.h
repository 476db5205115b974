/* plan - the province's plan as a file that the system evaluates like a test suite: who owes what,
 * in which periods, held against which measures. Read from a folder (docs/plan.md):
 *
 *     plan.yaml  text.txt  measures/<name>.sql  readings/<obligation>.md
 *
 * Good: plan_load once, then share: it is never changed. Everything here is the plan's arena's.
 * Never: a duty, a target or a deadline in code.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "plan/regime.h"

struct buffer;

/* Ceilings of what a plan may hold. */
#define PLAN_TEXT_MOST (4u << 20)
#define PLAN_SQL_MOST (64u << 10)
#define PLAN_OBLIGATIONS_MOST 1000
#define PLAN_TOPICS_MOST 4

struct plan_place {             /* where in plan.yaml something stands, for errors */
    unsigned line, column;
};

struct plan_key {               /* a number alone is not unique */
    struct slice number, date, issuer;
    struct slice place;         /* where its papers are dated from */
};

struct plan_role {              /* whom the plan speaks to; resolved against the register */
    struct slice id;
    struct plan_words title;
    struct slice agency;        /* one agency, by key; or */
    struct slice *kinds;        /* all of these kinds, */
    uint32_t kind_count;
    bool having_system;         /* that own or run at least one system */
};

struct plan_number {            /* a number the plan's text does not give */
    struct slice id;
    struct plan_words title;
    int64_t value;
    struct slice source;        /* proposed, regime, plan */
};

struct plan_unit {
    struct slice id;
    struct plan_words word;
};

enum plan_aggregate { PLAN_RATIO, PLAN_COUNT };
enum plan_empty { PLAN_EMPTY_UNKNOWN, PLAN_EMPTY_MET, PLAN_EMPTY_EXEMPT };

struct plan_measure {
    struct slice id;
    struct plan_words title;
    struct slice sql;
    const char *file;                  /* its path */
    const struct plan_unit *unit;
    enum plan_aggregate as;
    enum plan_empty empty;             /* what an agency without a row gets */
    struct slice *needs;               /* kinds of evidence */
    uint32_t need_count;
    struct plan_place place;
};

struct plan_topic {
    struct slice name, value;          /* bound as :with_<name> */
};

struct plan_target {
    const struct plan_measure *measure;
    bool show;                         /* shown, does not count */
    int64_t num, of;                   /* reached when the figure >= num ÷ of */
    int64_t warn_num, warn_of;         /* warn_of 0: none */
    struct slice source;               /* plan, regime, proposed */
    struct slice regime_value;         /* when the number is the regime's */
    struct plan_topic topics[PLAN_TOPICS_MOST];
    uint32_t topic_count;
    struct plan_place place;
};

struct plan_reason {                   /* why an exemption may be granted */
    struct slice id;
    struct plan_words title;
};

struct plan_clause {
    struct slice id;
    struct plan_words title;
    struct slice heading;
};

struct plan_obligation {
    struct slice id;
    const struct plan_clause *clause;
    struct plan_words title;
    struct slice *quotes;              /* [0]: the words that order it; then who, when, how */
    uint32_t quote_count;
    struct plan_place *quote_places;
    const struct plan_role *who, *guide, *support, *appraise;   /* only who is never NULL */
    bool continuous, event;            /* looked at in the periods below */
    unsigned periods;                  /* bit per enum period_kind */
    int64_t grace;                     /* ns behind the due date in which it is late */
    struct slice due_value;            /* the regime's day of the year, or number of working days
                                        * behind the period's end; empty: the period's end */
    struct plan_target *targets;
    uint32_t target_count;
    struct plan_reason *reasons;
    uint32_t reason_count;
    const struct plan_role *granted_by;
    struct slice reading;              /* text of an interpretation; empty: none */
    int64_t trial_until;               /* measured and shown, not yet counted; 0: counts */
    struct plan_place place;
};

struct plan_aside {
    struct plan_words why;
    struct slice *quotes;
    struct plan_place *quote_places;
    uint32_t quote_count;
};

struct plan {
    struct arena arena;
    struct slice id;                   /* the folder's name: "802-kh-ubnd-2019" */
    const char *folder, *file;         /* the folder and its plan.yaml */
    struct slice source;               /* plan.yaml's text, for error excerpts */
    struct plan_key key;
    struct plan_words title;
    struct plan_words *notes;
    uint32_t note_count;
    struct regime *regime;
    struct slice text;                 /* as in the file */
    const char *text_file;
    int64_t in_force_from, in_force_to;/* to 0: open */
    struct plan_role *roles;
    uint32_t role_count;
    struct plan_number *numbers;
    uint32_t number_count;
    struct plan_unit *units;
    uint32_t unit_count;
    struct plan_measure *measures;
    uint32_t measure_count;
    struct plan_clause *clauses;
    uint32_t clause_count;
    struct plan_obligation *obligations;
    uint32_t obligation_count;
    struct plan_aside *asides;
    uint32_t aside_count;
    struct plan_words *reasons;        /* forms of the measures' reasons: en is the key */
    uint32_t reason_count;
};

/* Reads the plan's folder and its regime from `regimes` (NULL: ../../regimes beside the folder).
 * False with file:line:column, sentence and hint; nothing is left behind then. */
bool plan_load(const char *folder, const char *regimes, struct plan **plan_out, struct error *e);
void plan_free(struct plan **plan);

/* NULL when there is none. */
const struct plan_obligation *plan_obligation(const struct plan *plan, struct slice id);
const struct plan_measure *plan_measure(const struct plan *plan, struct slice id);
const struct plan_role *plan_role(const struct plan *plan, struct slice id);

/* The period in which an obligation is judged when `chosen` is asked: chosen itself where its
 * cadence has it, else its shortest one that holds the chosen one, else its longest one that ends
 * with it (the last quarter of a year). */
struct period plan_period_for(const struct plan *plan, const struct plan_obligation *obligation,
                              const struct period *chosen);

/* ---- lint ------------------------------------------------------------------------------------- */

struct plan_fault {
    struct error error;
    bool warning;              /* does not make the plan unusable */
};

/* What is wrong with a plan that could be read: quotes that are not in the text or stand in it
 * twice, measures that do not prepare or give other columns, parameters that nothing binds,
 * targets no figure can reach, reasons without Vietnamese. Measures are prepared against an empty
 * database with the program's schema. Faults are the arena's. */
bool plan_lint(const struct plan *plan, const char *records_path, struct arena *arena,
               struct plan_fault **faults_out, uint32_t *count_out, struct error *e);

/* ---- coverage --------------------------------------------------------------------------------- */

enum plan_piece_kind { PLAN_LAYOUT, PLAN_COVERED, PLAN_ASIDE, PLAN_MISSED };

struct plan_piece {
    enum plan_piece_kind kind;
    size_t from, to;                            /* bytes of plan->text */
    const struct plan_obligation **obligations; /* that quote it */
    uint32_t obligation_count;
    const struct plan_aside *aside;
    uint32_t sentence;                          /* its index in sentences; of layout: the last */
};

struct plan_sentence {
    size_t from, to;
    enum plan_piece_kind kind;  /* MISSED when any letter of it is; else COVERED when any is */
};

struct plan_coverage {
    struct plan_piece *pieces;          /* the text in order, nothing left out */
    uint32_t piece_count;
    struct plan_sentence *sentences;
    uint32_t sentence_count;
    size_t covered, aside, missed;      /* letters and digits, as characters */
    uint32_t sentences_covered, sentences_aside, sentences_missed;
};

/* Which of the text's letters an obligation quotes, which stand in `aside`, and which nobody looks
 * after. A quote matches after NFC, without Markdown's marks, white space folded. Memory is the
 * arena's. */
bool plan_cover(const struct plan *plan, struct arena *arena, struct plan_coverage *coverage_out,
                struct error *e);

/* Where the quote stands in the text, sought behind `heading` (empty: from the start): bytes
 * [*from, *to); false when nowhere. *again is set when it stands there once more. */
struct plan_text;
struct plan_text *plan_text_fold(struct slice text, struct arena *arena);
bool plan_text_find(const struct plan_text *text, struct slice quote, struct slice heading,
                    struct arena *arena, size_t *from_out, size_t *to_out, bool *again_out);

#endif
