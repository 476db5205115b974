/* rule_book - the rules' own texts, found by id, for the page of an alert. */
#ifndef API_RULE_BOOK_H
#define API_RULE_BOOK_H

#include "base/arena.h"
#include "base/yaml.h"

struct rule_book;

struct rule_book *rule_book_new(const char *const *folders, size_t count); /* NULL: memory */
void rule_book_free(struct rule_book **book);

/* The rule's file and its document within the file, in the arena; false when there is none (any
 * more). New files are found within a minute. */
bool rule_book_read(struct rule_book *book, struct slice id, struct arena *arena,
                    struct slice *text_out, struct yaml **document_out);

/* Texts of the rules that the correlations of `text` count and that stand elsewhere, parted by "---", in
 * the arena; those that are nowhere are left out (the compiler says which). name: of the text, for
 * errors. False: the text is no YAML, e says where. */
bool rule_book_beside(struct rule_book *book, const char *name, struct slice text,
                      struct arena *arena, struct slice *beside_out, struct error *e);

#endif
