/* json_text - what JSON writes, brought to the text that events carry (private to event). */
#ifndef EVENT_JSON_TEXT_HH
#define EVENT_JSON_TEXT_HH

#define JSON_NUMBER_TEXT 40

/* Is it a number by RFC 8259? */
bool json_number_valid(struct slice s);
/* A valid number's canonical digits in out (JSON_NUMBER_TEXT bytes): 1.0 and 1e0 are 1, -0 is 0,
 * fractions are the shortest that read back the same. Returns their length, or 0 when the number
 * stands for itself as it is written: whole numbers, and what no double can hold. */
size_t json_number_text(struct slice s, char *out);

#endif
