/* verify - does every index of a compiled blob stay inside it? (private to detect)
 *
 * The blob comes from another process. Its checksum tells damage, not intent: whoever holds the
 * compiler could write any numbers under a right sum. So each reference is looked at once, when the blob
 * is opened; the scanner may then follow them without asking. What is inside a pattern database is
 * Vectorscan's to check; ids that it reports are compared with the list at hand (scanner.c).
 */
#ifndef DETECT_VERIFY_H
#define DETECT_VERIFY_H

#include "detect/blob.h"

/* The head's places are inside `size` bytes, aligned, and hold whole elements. */
bool verify_head(const struct blob_head *head, size_t size);
/* How many elements the section has; its head was found good. */
uint32_t verify_count(const struct ruleset *r, enum section s);
/* All sections of a ruleset whose arrays are pointed at. Linear in its size. */
bool verify_sections(const struct ruleset *r);

#endif
