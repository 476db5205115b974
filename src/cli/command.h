/* command - the sub-commands of haidang, one row each.
 *
 * A row says everything: argument parsing, --help, the man page and the shell completion are made
 * from it. To add a command: write src/cli/cli_NAME.c with one `const struct command
 * cli_NAME_command`, add it to the list in command.c and the file to src/cli/meson.build.
 * Good: the function finds its options parsed, checked for existence and bounds.
 * Never: getopt or usage texts elsewhere; exit() in a command (return the code).
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

/* Exit codes, the same for every command. */
enum cli_exit {
    CLI_FINE = 0,
    CLI_NO = 1,      /* it worked and the answer is 'no': a finding, an unmet plan */
    CLI_WRONG = 2,   /* wrong use or wrong input */
    CLI_FAILED = 3   /* the machine failed: not readable, no room, no answer */
};

enum cli_kind {
    CLI_FLAG,        /* --evidence */
    CLI_TEXT,        /* --query TEXT */
    CLI_FILE,        /* --out FILE; completion offers files */
    CLI_FOLDER,      /* --rules DIR; completion offers folders */
    CLI_NUMBER,      /* --limit N, whole, within least..most */
    CLI_TIME,        /* --from TIME: ISO 8601 date or time (clock_parse), or -15m, -24h, -7d */
    CLI_CHOICE       /* --role NAME, one of choices */
};

struct cli_option {
    const char *name;            /* "rules" for --rules */
    char letter;                 /* 'r' for -r; 0: none */
    enum cli_kind kind;
    const char *value;           /* "DIR" in the usage; NULL for flags */
    const char *help;            /* one line, English; the key of its Vietnamese text */
    int64_t least, most;         /* CLI_NUMBER */
    const char *const *choices;  /* CLI_CHOICE, NULL-ended */
    bool required;
    bool repeated;               /* may be given several times */
};

struct cli_example {
    const char *line;            /* "haidang detect --rules rules/ /var/log/auth.log" */
    const char *help;            /* what it does, one line */
};

struct cli;

struct command {
    const char *name;            /* "detect", "plan check": words as typed */
    const char *group;           /* heading in the list: "Server", "Detection", "Plan", … */
    const char *summary;         /* one line, English, no full stop */
    const char *about;           /* paragraphs for --help and the manual; may be NULL */
    const char *arguments;       /* as in the usage: "FILE|- ..."; NULL: takes none */
    unsigned argument_least, argument_most;
    bool takes_config;           /* --config FILE */
    bool takes_json;             /* --json: output is data, one document or one object a line */
    bool hidden;                 /* build and internal use: not in help, manual, completion */
    const struct cli_option *options;   /* ended by .name NULL; may be NULL */
    const struct cli_example *examples; /* ended by .line NULL; may be NULL */
    int (*run)(struct cli *);    /* returns enum cli_exit */
};

/* All commands, NULL-ended, in the order of the help. */
extern const struct command *const commands[];

#define CLI_VALUES_MOST 256

struct cli {
    const struct command *command;
    const char *language;        /* "vi" or "en", by --language, HAIDANG_LANGUAGE, LC_ALL, LANG */
    const char *config;          /* --config; NULL: the default places, see base/config.h */
    bool json;
    bool terminal;               /* stderr is a terminal: progress and colour are welcome */
    char **arguments;            /* what is no option, in order */
    unsigned argument_count;
    struct arena arena;          /* for the command; freed by main */
    int64_t now;                 /* clock_now() at start, what -24h counts from */
    struct cli_value {
        const struct cli_option *option;
        const char *text;
        int64_t number;          /* CLI_NUMBER; CLI_TIME: ns UTC */
    } values[CLI_VALUES_MOST];
    unsigned value_count;
};

/* The option's text (the last one given), or NULL when it was not given. An unknown name asserts. */
const char *cli_text(const struct cli *cli, const char *option);
/* The n-th text of a repeated option; NULL beyond the last. */
const char *cli_text_at(const struct cli *cli, const char *option, unsigned n);
bool cli_flag(const struct cli *cli, const char *option);
/* CLI_NUMBER and CLI_TIME; fallback when not given. */
int64_t cli_number(const struct cli *cli, const char *option, int64_t fallback);

const char *cli_version(void);

/* In the user's language. */
const char *cli_say(const struct cli *cli, const char *english) __attribute__((format_arg(2)));

/* Prints the error on stderr as people read it (with --json: {"error":{…}}) and returns the exit
 * code: CLI_WRONG for ERROR_INPUT, ERROR_NOT_FOUND and ERROR_CONFLICT, else CLI_FAILED. */
int cli_fail(const struct cli *cli, const struct error *e);
/* Wrong use: the sentence, then "try haidang NAME --help"; returns CLI_WRONG. */
int cli_wrong(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Writes all of it to stdout; CLI_FINE, or CLI_FAILED after saying why (a closed pipe is quiet). */
int cli_put(const struct cli *cli, struct slice text);

/* Parses argv (argv[0] is the program) against `table`, NULL-ended. Returns -1 when cli->command
 * is to be run; otherwise the exit code: --help or --version was answered, or the use was wrong. */
int cli_parse(struct cli *cli, const struct command *const *table, int argc, char **argv);

#endif
