#include "report/docx.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/fold.h"

#define ENTRIES_MOST 1000
#define RECORDS_MOST 100000

struct filling {
    const struct docx_values *values;
    const char *part;               /* word/document.xml */
    xmlNsPtr w;
    struct error *e;
};

/* ---- tree ------------------------------------------------------------------------------------- */

static bool is_element(const xmlNode *node, const char *name)
{
    return node && node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static xmlNode *child_named(const xmlNode *node, const char *name)
{
    for (xmlNode *c = node ? node->children : NULL; c; c = c->next)
        if (is_element(c, name))
            return c;
    return NULL;
}

/* The next node in document order within root; skip: not into node's children. */
static xmlNode *next_node(const xmlNode *root, xmlNode *node, bool skip)
{
    if (!skip && node->children)
        return node->children;
    while (node && node != root && !node->next)
        node = node->parent;
    return !node || node == root ? NULL : node->next;
}

static xmlNode *find_first(xmlNode *root, const char *name)
{
    for (xmlNode *n = root->children; n; n = next_node(root, n, false))
        if (is_element(n, name))
            return n;
    return NULL;
}

/* "[name]" as the control's own text. */
static char *name_in_text(const xmlNode *control)
{
    xmlNode *content = child_named(control, "sdtContent");
    char *text = content ? (char *)xmlNodeGetContent(content) : NULL;
    size_t len = text ? strlen(text) : 0;

    if (len < 3 || text[0] != '[' || text[len - 1] != ']' || strcspn(text, " \n") < len) {
        xmlFree(text);
        return NULL;
    }
    memmove(text, text + 1, len - 2);
    text[len - 2] = 0;
    return text;
}

/* The control's tag, else its title, else the name in its text; to be freed with xmlFree. */
static char *control_name(const xmlNode *control)
{
    static const char *const names[] = { "tag", "alias" };
    const xmlNode *properties = child_named(control, "sdtPr");

    for (int i = 0; i < 2; i++) {
        const xmlNode *p = child_named(properties, names[i]);
        xmlChar *value = p ? xmlGetProp(p, (const xmlChar *)"val") : NULL;
        if (value && value[0])
            return (char *)value;
        xmlFree(value);
    }
    return name_in_text(control);
}

/* ---- values ----------------------------------------------------------------------------------- */

/* What XML 1.0 cannot hold becomes U+FFFD. */
static void add_xml_text(struct buffer *out, struct slice text)
{
    size_t at;
    while ((at = fold_find_unwritable(text)) < text.len) {
        buffer_add(out, slice_cut(text, 0, at));
        buffer_add(out, SLICE("\xef\xbf\xbd"));
        text = slice_after(text, at + fold_character(text, at));
    }
    buffer_add(out, text);
}

static void add_line(struct filling *f, xmlNode *run, struct slice line)
{
    BUFFER_AUTO text;
    buffer_init(&text, DOCX_PART_MOST);
    add_xml_text(&text, line);
    xmlNode *t = xmlNewChild(run, f->w, (const xmlChar *)"t", NULL);
    xmlNode *content = text.len && text.len < INT32_MAX
                           ? xmlNewTextLen((const xmlChar *)text.data, (int)text.len) : NULL;
    if (t && content)
        xmlAddChild(t, content);
    if (t)
        xmlNodeSetSpacePreserve(t, 1);
}

static void fill_run(struct filling *f, xmlNode *run, struct slice value)
{
    for (xmlNode *c = run->children, *next; c; c = next) {
        next = c->next;
        if (is_element(c, "rPr"))
            continue;
        xmlUnlinkNode(c);
        xmlFreeNode(c);
    }
    struct slice line;
    bool first = true;
    if (!value.data)
        value = SLICE("");
    while (slice_split(&value, '\n', &line)) {
        if (!first)
            xmlNewChild(run, f->w, (const xmlChar *)"br", NULL);
        add_line(f, run, line);
        first = false;
    }
}

/* Puts the value into the control's first run, drops its other runs, and the control itself. */
static void replace_control(struct filling *f, xmlNode *control, struct slice value)
{
    xmlNode *content = child_named(control, "sdtContent");
    xmlNode *run = content ? find_first(content, "r") : NULL;

    if (run) {
        fill_run(f, run, value);
        for (xmlNode *n = content->children, *next; n; n = next) {
            next = next_node(content, n, n == run);
            if (n != run && is_element(n, "r")) {
                next = next_node(content, n, true);
                xmlUnlinkNode(n);
                xmlFreeNode(n);
            }
        }
    }
    for (xmlNode *c = content ? content->children : NULL, *next; c; c = next) {
        next = c->next;
        xmlUnlinkNode(c);
        xmlAddPrevSibling(control, c);
    }
    xmlUnlinkNode(control);
    xmlFreeNode(control);
}

static const struct docx_field *find_field(const struct docx_values *values, const char *name)
{
    for (uint32_t i = 0; i < values->field_count; i++)
        if (strcmp(values->fields[i].name, name) == 0)
            return &values->fields[i];
    return NULL;
}

/* "list.field" → the list, and the field's index; NULL when there is no such. */
static const struct docx_list *find_list(const struct docx_values *values, const char *name,
                                         uint32_t *field_out)
{
    const char *point = strchr(name, '.');

    for (uint32_t i = 0; point && i < values->list_count; i++) {
        const struct docx_list *list = &values->lists[i];
        if (strlen(list->name) != (size_t)(point - name) ||
            strncmp(list->name, name, (size_t)(point - name)) != 0)
            continue;
        for (uint32_t k = 0; k < list->field_count; k++)
            if (strcmp(list->fields[k], point + 1) == 0) {
                *field_out = k;
                return list;
            }
    }
    return NULL;
}

static bool unknown(struct filling *f, const char *name)
{
    error_place(f->e, "%s", f->part);
    error_kind(f->e, ERROR_INPUT);
    error_set(f->e, "the template has an unknown field '%s'", name);
    return error_hint(f->e, "docs/plan.md lists the fields of a report's template");
}

/* ---- filling ---------------------------------------------------------------------------------- */

/* Fills the controls of `list` inside node with one record. */
static bool fill_record(struct filling *f, xmlNode *node, const struct docx_list *list,
                        uint32_t record)
{
    for (xmlNode *n = node->children, *next; n; n = next) {
        next = next_node(node, n, false);
        if (!is_element(n, "sdt"))
            continue;
        char *name = control_name(n);
        uint32_t field = 0;
        const struct docx_list *of = name ? find_list(f->values, name, &field) : NULL;
        bool known = !name || of || find_field(f->values, name);
        if (!known)
            unknown(f, name);
        xmlFree(name);
        if (!known)
            return false;
        if (of != list)
            continue;
        next = next_node(node, n, true);
        xmlNode *after = next;
        replace_control(f, n, list->values[(size_t)record * list->field_count + field]);
        next = after;
    }
    return true;
}

/* What a control of a list repeats: its row, else its paragraph. */
static xmlNode *repeated(xmlNode *control)
{
    xmlNode *paragraph = NULL;
    for (xmlNode *n = control->parent; n; n = n->parent) {
        if (is_element(n, "tr"))
            return n;
        if (is_element(n, "p") && !paragraph)
            paragraph = n;
    }
    return paragraph;
}

/* A copy declares the namespace anew: its nodes take the document's, the declaration goes. */
static void adopt_namespace(xmlNode *copy, xmlNs *w)
{
    for (xmlNode *n = copy; n; n = next_node(copy, n, false)) {
        if (n->type != XML_ELEMENT_NODE)
            continue;
        if (n->ns && xmlStrEqual(n->ns->href, w->href))
            n->ns = w;
        for (xmlAttr *a = n->properties; a; a = a->next)
            if (a->ns && xmlStrEqual(a->ns->href, w->href))
                a->ns = w;
    }
    for (xmlNs **def = &copy->nsDef; *def;) {
        xmlNs *ns = *def;
        if (xmlStrEqual(ns->href, w->href)) {
            *def = ns->next;
            xmlFreeNs(ns);
        } else {
            def = &ns->next;
        }
    }
}

/* Repeats the holder for each record. */
static bool repeat(struct filling *f, xmlNode *holder, const struct docx_list *list)
{
    for (uint32_t i = 0; i < list->record_count && i < RECORDS_MOST; i++) {
        xmlNode *copy = xmlCopyNode(holder, 1);
        if (!copy)
            return error_set(f->e, "not enough memory for %s", "the report");
        xmlAddPrevSibling(holder, copy);
        adopt_namespace(copy, f->w);
        if (!fill_record(f, copy, list, i))
            return false;
    }
    xmlUnlinkNode(holder);
    xmlFreeNode(holder);
    return true;
}

static bool fill_tree(struct filling *f, xmlNode *root)
{
    /* each step removes a control or a holder: start anew until none is left */
    for (xmlNode *n = root->children; n;) {
        if (!is_element(n, "sdt")) {
            n = next_node(root, n, false);
            continue;
        }
        char *name = control_name(n);
        uint32_t field;
        if (!name) {                /* nobody's: stays as it is */
            n = next_node(root, n, false);
            continue;
        }
        const struct docx_list *list = find_list(f->values, name, &field);
        const struct docx_field *value = list ? NULL : find_field(f->values, name);
        bool fine = list || value || unknown(f, name);
        xmlFree(name);
        xmlNode *holder = list ? repeated(n) : NULL;
        if (!fine)
            return false;
        if (list && !holder)
            return error_set(f->e, "a list stands outside of rows and paragraphs");
        /* what was before stays: go on from there */
        xmlNode *before = list ? holder : n, *resume;
        resume = before->prev ? before->prev : before->parent;
        if (list) {
            if (!repeat(f, holder, list))
                return false;
        } else {
            replace_control(f, n, value->value);
        }
        n = resume == root || !resume ? root->children : next_node(root, resume, false);
    }
    return true;
}

static bool fill_part(struct slice bytes, const char *part, const struct docx_values *values,
                      struct buffer *out, struct error *e)
{
    xmlDoc *doc = xmlReadMemory(bytes.data, (int)bytes.len, part, NULL,
                                XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
    xmlChar *text = NULL;
    int size = 0;

    if (!root || doc->intSubset) {
        xmlFreeDoc(doc);
        error_place(e, "%s", part);
        return error_set(e, "this part of the template is not readable XML");
    }
    if (!root->ns) {
        xmlFreeDoc(doc);
        error_place(e, "%s", part);
        return error_set(e, "this part of the template is not readable XML");
    }
    struct filling f = { .values = values, .part = part, .w = root->ns, .e = e };
    bool fine = fill_tree(&f, root);
    if (fine) {
        xmlDocDumpMemoryEnc(doc, &text, &size, "UTF-8");
        fine = text != NULL || error_set(e, "not enough memory for %s", "the report");
    }
    if (fine)
        buffer_add(out, slice_from(text, (size_t)size));
    xmlFree(text);
    xmlFreeDoc(doc);
    return fine && (!out->failed || error_set(e, "the report is too large"));
}

/* ---- the ZIP ---------------------------------------------------------------------------------- */

static bool is_text_part(const char *name)
{
    return strcmp(name, "word/document.xml") == 0 || strncmp(name, "word/header", 11) == 0 ||
           strncmp(name, "word/footer", 11) == 0;
}

static bool read_entry(zip_t *in, zip_uint64_t index, struct buffer *out, struct error *e)
{
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(in, index, 0, &stat) != 0 || !(stat.valid & ZIP_STAT_SIZE))
        return error_set(e, "the template is not a whole DOCX file");
    if (stat.size > DOCX_PART_MOST)
        return error_set(e, "a part of the template is too large");
    zip_file_t *file = zip_fopen_index(in, index, 0);
    char *room = file ? buffer_extend(out, stat.size ? stat.size : 1) : NULL;
    bool fine = room && zip_fread(file, room, stat.size) == (zip_int64_t)stat.size;
    out->len = fine ? stat.size : 0;
    if (file)
        zip_fclose(file);
    return fine || error_set(e, "the template is not a whole DOCX file");
}

/* Copies one entry, filled when it is a part with text. The bytes live until zip_close. */
static bool copy_entry(zip_t *in, zip_t *to, zip_uint64_t index, const struct docx_values *values,
                       bool *document, struct error *e)
{
    const char *name = zip_get_name(in, index, 0);
    BUFFER_AUTO bytes, filled;

    buffer_init(&bytes, DOCX_PART_MOST + 1);
    buffer_init(&filled, DOCX_PART_MOST);
    if (!name || !read_entry(in, index, &bytes, e))
        return error_set(e, "the template is not a whole DOCX file");
    if (is_text_part(name)) {
        if (!fill_part(buffer_slice(&bytes), name, values, &filled, e))
            return false;
        *document = *document || strcmp(name, "word/document.xml") == 0;
    } else {
        buffer_add(&filled, buffer_slice(&bytes));
    }
    char *copy = malloc(filled.len ? filled.len : 1);
    if (!copy)
        return error_set(e, "not enough memory for %s", "the report");
    if (filled.len)
        memcpy(copy, filled.data, filled.len);
    zip_source_t *source = zip_source_buffer(to, copy, filled.len, 1);
    if (!source) {
        free(copy);
        return error_set(e, "not enough memory for %s", "the report");
    }
    zip_int64_t at = zip_file_add(to, name, source, ZIP_FL_ENC_UTF_8);
    if (at < 0) {
        zip_source_free(source);
        return error_set(e, "the report cannot be packed: %s", zip_strerror(to));
    }
    zip_file_set_mtime(to, (zip_uint64_t)at, 1577836800, 0);    /* constant: same input, same bytes */
    zip_set_file_compression(to, (zip_uint64_t)at, ZIP_CM_DEFLATE, 9);
    return true;
}

static bool collect(zip_source_t *target, struct buffer *out, struct error *e)
{
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_source_stat(target, &stat) != 0 || zip_source_open(target) != 0)
        return error_set(e, "the report cannot be packed");
    char *room = buffer_extend(out, stat.size);
    bool fine = room && zip_source_read(target, room, stat.size) == (zip_int64_t)stat.size;
    zip_source_close(target);
    return fine || error_set(e, "the report is too large");
}

bool docx_fill(struct slice template, const struct docx_values *values, struct buffer *out,
               struct error *e)
{
    zip_error_t why;
    zip_t *in = NULL, *to = NULL;
    bool fine = false, document = false;

    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(template.data, template.len, 0, &why);
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, &why);
    if (source && template.len && template.len <= DOCX_TEMPLATE_MOST)
        in = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &why);
    if (!in && source)
        zip_source_free(source);
    if (in && target) {
        zip_source_keep(target);
        to = zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, &why);
        if (!to)
            zip_source_free(target);
    }
    if (to) {
        zip_int64_t count = zip_get_num_entries(in, 0);
        fine = count > 0 && count <= ENTRIES_MOST;
        for (zip_int64_t i = 0; fine && i < count; i++)
            fine = copy_entry(in, to, (zip_uint64_t)i, values, &document, e);
        fine = fine && document;
        if (!fine)
            zip_discard(to);
        else if (zip_close(to) != 0) {
            zip_discard(to);
            fine = false;
        }
    }
    if (fine)
        fine = collect(target, out, e);
    if (in)
        zip_discard(in);
    if (target)
        zip_source_free(target);
    zip_error_fini(&why);
    if (!fine) {
        error_kind(e, ERROR_INPUT);
        error_set(e, "the template is not a whole DOCX file");
    }
    return fine;
}
