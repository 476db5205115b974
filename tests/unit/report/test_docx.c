#include "report/docx.h"
#include "report/report.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <zip.h>

#define W "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\""

/* A DOCX with that body. */
static struct slice docx_of(const char *body)
{
    static char bytes[1 << 16];
    char document[8192];
    zip_error_t why;
    zip_stat_t stat;

    snprintf(document, sizeof document, "<w:document " W "><w:body>%s</w:body></w:document>", body);
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, &why);
    zip_source_keep(target);
    zip_t *zip = zip_open_from_source(target, ZIP_TRUNCATE, &why);
    zip_file_add(zip, "word/document.xml",
                 zip_source_buffer(zip, document, strlen(document), 0), ZIP_FL_ENC_UTF_8);
    zip_file_add(zip, "other.bin", zip_source_buffer(zip, "kept", 4, 0), ZIP_FL_ENC_UTF_8);
    CHECK_INT(zip_close(zip), 0);
    zip_stat_init(&stat);
    zip_source_stat(target, &stat);
    CHECK(stat.size < sizeof bytes);
    zip_source_open(target);
    zip_source_read(target, bytes, stat.size);
    zip_source_close(target);
    zip_source_free(target);
    return slice_from(bytes, stat.size);
}

/* An entry of a DOCX, NUL-terminated. */
static const char *entry_of(struct slice docx, const char *name)
{
    static char text[1 << 20];
    zip_error_t why;
    zip_source_t *source = zip_source_buffer_create(docx.data, docx.len, 0, &why);
    zip_t *zip = zip_open_from_source(source, ZIP_RDONLY, &why);
    zip_file_t *file = zip_fopen(zip, name, 0);
    CHECK(file != NULL);
    zip_int64_t size = zip_fread(file, text, sizeof text - 1);
    CHECK(size >= 0);
    text[size] = 0;
    zip_fclose(file);
    zip_discard(zip);
    return text;
}

#define RUN(words) "<w:r><w:rPr><w:b/></w:rPr><w:t>" words "</w:t></w:r>"
#define TAG(name, inner) "<w:sdt><w:sdtPr><w:tag w:val=\"" name "\"/></w:sdtPr><w:sdtContent>" inner \
                         "</w:sdtContent></w:sdt>"
#define ALIAS(name, inner) "<w:sdt><w:sdtPr><w:alias w:val=\"" name "\"/></w:sdtPr><w:sdtContent>" inner \
                           "</w:sdtContent></w:sdt>"

static const char *const pair[] = { "name", "count" };
static const struct slice records[] = { { "one & two", 9 }, { "1", 1 }, { "three", 5 }, { "3", 1 } };
static const struct docx_field fields[] = {
    { "title", { "Khánh <Hòa>", 13 } }, { "lines", { "a\nb", 3 } },
    { "dirty", { "x\x01y\xef\xbf\xbez\rw", 9 } },
};
static const struct docx_list lists[] = { { "rows", pair, 2, records, 2 }, { "none", pair, 2, NULL, 0 } };
static const struct docx_values values = { fields, 3, lists, 2 };

static const char *filled(const char *body)
{
    static struct buffer out;
    struct error e = ERROR_NONE;
    buffer_free(&out);
    buffer_init(&out, 0);
    if (!docx_fill(docx_of(body), &values, &out, &e))
        fail_msg("%s: %s", e.place, e.sentence);
    CHECK_TEXT(entry_of(buffer_slice(&out), "other.bin"), "kept");
    return entry_of(buffer_slice(&out), "word/document.xml");
}

static bool holds(const char *text, const char *part)
{
    if (!strstr(text, part))
        print_message("%s\n", text);
    return strstr(text, part) != NULL;
}

TEST("a control is replaced by its value, escaped, in the formatting of its first run") {
    const char *text = filled("<w:p>" TAG("title", RUN("old") RUN("gone")) "</w:p>");
    CHECK(holds(text, "<w:p><w:r><w:rPr><w:b/></w:rPr>"
                      "<w:t xml:space=\"preserve\">Khánh &lt;Hòa&gt;</w:t></w:r></w:p>"));
    CHECK(!strstr(text, "sdt"));
    CHECK(!strstr(text, "gone"));
}

TEST("title, then text, serve where the tag was lost; blocks keep their paragraph") {
    CHECK(holds(filled("<w:p>" ALIAS("title", RUN("old")) "</w:p>"), "Khánh"));
    CHECK(holds(filled("<w:p><w:sdt><w:sdtPr/><w:sdtContent><w:r/>" RUN("[title]")
                       "</w:sdtContent></w:sdt></w:p>"), "Khánh"));
    CHECK(holds(filled("<w:p><w:sdt><w:sdtContent>" RUN("[not a name]") "</w:sdtContent></w:sdt></w:p>"),
                "[not a name]"));
    const char *text = filled(TAG("title", "<w:p><w:pPr/>" RUN("old") "</w:p>"));
    CHECK(holds(text, "<w:body><w:p><w:pPr/><w:r>"));
}

TEST("a line break becomes a break, and what XML cannot hold a sign for it") {
    CHECK(holds(filled("<w:p>" TAG("lines", RUN("x")) "</w:p>"), "a</w:t><w:br/><w:t"));
    CHECK(holds(filled("<w:p>" TAG("dirty", RUN("x")) "</w:p>"),
                "x\xef\xbf\xbdy\xef\xbf\xbdz\xef\xbf\xbdw<"));
}

TEST("a row is repeated for each record, other rows stay") {
    const char *text = filled("<w:tbl><w:tr><w:tc><w:p>" RUN("head") "</w:p></w:tc></w:tr><w:tr><w:tc><w:p>"
                              TAG("rows.name", RUN("n")) "</w:p></w:tc><w:tc><w:p>"
                              TAG("rows.count", RUN("c")) "</w:p></w:tc></w:tr></w:tbl><w:p>" RUN("end")
                              "</w:p>");
    const char *one = strstr(text, "one &amp; two"), *three = strstr(text, "three");
    CHECK(one && three && one < three);
    CHECK(holds(text, "head"));
    CHECK(holds(text, "end"));
    unsigned rows = 0;
    for (const char *at = text; (at = strstr(at, "<w:tr>")); at++)
        rows++;
    CHECK_INT(rows, 3);
}

TEST("a paragraph is repeated outside of tables, and an empty list leaves nothing") {
    const char *text = filled("<w:p>" RUN("- ") TAG("rows.name", RUN("n")) "</w:p><w:p>" RUN("b")
                              TAG("none.name", RUN("n")) "</w:p><w:p>" RUN("last") "</w:p>");
    unsigned paragraphs = 0;
    for (const char *at = text; (at = strstr(at, "<w:p>")); at++)
        paragraphs++;
    CHECK_INT(paragraphs, 3);
    CHECK(holds(text, "last"));
}

TEST("a template with an unknown field is refused with its name") {
    static const char *const bad[] = {
        "<w:p>" TAG("no_such", RUN("x")) "</w:p>",
        "<w:tbl><w:tr><w:tc><w:p>" TAG("rows.name", RUN("n")) TAG("no_such", RUN("x"))
        "</w:p></w:tc></w:tr></w:tbl>",
        "<w:p>" TAG("rows.no_such", RUN("x")) "</w:p>",
    };
    for (size_t i = 0; i < 3; i++) {
        BUFFER_AUTO out;
        struct error e = ERROR_NONE;
        buffer_init(&out, 0);
        CHECK(!docx_fill(docx_of(bad[i]), &values, &out, &e));
        CHECK_ERROR(e, "no_such");
        CHECK_TEXT(e.place, "word/document.xml");
        CHECK_INT(e.kind, ERROR_INPUT);
    }
}

TEST("what is no DOCX is refused: cut anywhere, other bytes, entities") {
    struct slice whole = docx_of("<w:p>" TAG("title", RUN("old")) "</w:p>");
    for (size_t len = 0; len < whole.len; len += 7) {
        BUFFER_AUTO out;
        struct error e = ERROR_NONE;
        buffer_init(&out, 0);
        CHECK(!docx_fill(slice_cut(whole, 0, len), &values, &out, &e));
        CHECK(e.set);
    }
    BUFFER_AUTO out;
    struct error e = ERROR_NONE;
    buffer_init(&out, 0);
    CHECK(!docx_fill(SLICE("this is no document"), &values, &out, &e));
    CHECK_ERROR(e, "DOCX");
}

TEST("the same input gives the same bytes") {
    BUFFER_AUTO one, other;
    struct error e = ERROR_NONE;
    buffer_init(&one, 0);
    buffer_init(&other, 0);
    struct slice template = docx_of("<w:p>" TAG("title", RUN("old")) "</w:p>");
    CHECK(docx_fill(template, &values, &one, &e));
    CHECK(docx_fill(template, &values, &other, &e));
    CHECK(slice_equal(buffer_slice(&one), buffer_slice(&other)));
}

TEST("the shipped template is there, and hides the number of page 1") {
    struct slice template = report_template();
    CHECK(template.len > 1000);
    CHECK(strstr(entry_of(template, "word/document.xml"), "pressing.sentence"));
    CHECK(strstr(entry_of(template, "word/document.xml"), "w:titlePg"));
    CHECK(strstr(entry_of(template, "word/header1.xml"), "PAGE"));
}
