/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over the bytes. Text is moved to the front of its element as entities become characters,
 * so that it never grows. An element's text is what stands before its first child or its end:
 * services do not mix the two.
 */
#include "xml.h"

#include "text.h"

#include <string.h>

/* Where the reader is. */
struct reader {
    struct weir_xml *xml;              /* becomes the tree */
    char *at;                          /* the next byte */
    char *end;                         /* behind the last one */
    uint32_t open[WEIR_XML_DEPTH_MAX]; /* elements that have begun */
    uint32_t last[WEIR_XML_DEPTH_MAX]; /* the last child of each so far */
    uint32_t depth;                    /* how many are open */
};

void weir_xml_init(struct weir_xml *xml, size_t bytes_max)
{
    weir_buf_init(&xml->elements, bytes_max);
}

void weir_xml_done(struct weir_xml *xml)
{
    weir_buf_done(&xml->elements);
}

struct weir_element *weir_xml_at(struct weir_xml *xml, uint32_t element)
{
    return (struct weir_element *)(void *)xml->elements.at + element;
}

static uint32_t add_element(struct weir_xml *xml)
{
    struct weir_element element = {.child = WEIR_XML_NONE};

    weir_buf_add(&xml->elements, &element, sizeof element);
    return xml->elements.failed ? WEIR_XML_NONE
                                : (uint32_t)(xml->elements.bytes / sizeof element) - 1;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Moves behind a text; false: it does not come. */
static bool skip_behind(struct reader *r, const char *text)
{
    char *found = memmem(r->at, (size_t)(r->end - r->at), text, strlen(text));

    if (found == NULL) {
        return false;
    }
    r->at = found + strlen(text);
    return true;
}

static bool starts(const struct reader *r, const char *text)
{
    return weir_text_starts((struct weir_text){r->at, (size_t)(r->end - r->at)}, text);
}

/* ---- texts ---- */

/* &name; or &#10; or &#x0a; : the character; 0: it is none. */
static uint32_t entity_of(struct weir_text name)
{
    static const struct {
        const char *name;
        char c;
    } known[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    uint32_t number = 0;
    uint32_t base = 10;

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (weir_text_is(name, known[i].name)) {
            return (unsigned char)known[i].c;
        }
    }
    if (name.bytes < 2 || name.at[0] != '#') {
        return 0;
    }
    size_t from = 1;
    if (name.at[1] == 'x') {
        base = 16;
        from = 2;
    }
    for (size_t i = from; i < name.bytes; i++) {
        char c = weir_lower(name.at[i]);
        uint32_t digit = c <= '9' ? (uint32_t)(c - '0') : (uint32_t)(c - 'a' + 10);
        if (digit >= base || number > 0x10FFFF) {
            return 0;
        }
        number = number * base + digit;
    }
    return number <= 0x10FFFF ? number : 0;
}

/* Takes an entity at `at`; writes what it stands for, which is never longer. */
static bool take_entity(struct reader *r, char **to)
{
    struct weir_text rest = {r->at + 1, (size_t)(r->end - r->at - 1)};
    struct weir_text name = weir_text_split(&rest, ';');
    uint32_t c = rest.at == NULL ? 0 : entity_of(name);
    char utf8[4];

    if (c == 0) {
        return false;
    }
    size_t bytes = weir_utf8_of(c, utf8);
    memcpy(*to, utf8, bytes);
    *to += bytes;
    r->at = (char *)name.at + name.bytes + 1;
    return true;
}

/* Characters up to the next tag, those of CDATA too. */
static bool take_text(struct reader *r, char **to)
{
    static const char cdata[] = "<![CDATA[";

    while (r->at < r->end) {
        if (starts(r, cdata)) {
            char *from = r->at + sizeof cdata - 1;
            if (!skip_behind(r, "]]>")) {
                return false;
            }
            size_t bytes = (size_t)(r->at - 3 - from);
            memmove(*to, from, bytes);
            *to += bytes;
        } else if (starts(r, "<!--")) {
            if (!skip_behind(r, "-->")) {
                return false;
            }
        } else if (*r->at == '<') {
            return true;
        } else if (*r->at == '&') {
            if (!take_entity(r, to)) {
                return false;
            }
        } else {
            *(*to)++ = *r->at++;
        }
    }
    return true;
}

/* ---- tags ---- */

static bool is_name(char c)
{
    return !is_space(c) && strchr("<>/=\"'", c) == NULL;
}

/* Behind "<": name and attributes; *ret_empty: it ends itself. */
static bool take_tag(struct reader *r, struct weir_element *element, bool *ret_empty)
{
    char *from = r->at;
    char quote = '\0';

    while (r->at < r->end && *r->at != '\0' && is_name(*r->at)) {
        if (*r->at++ == ':') {
            from = r->at;
        }
    }
    element->name = (struct weir_text){from, (size_t)(r->at - from)};
    from = r->at;
    while (r->at < r->end && (quote != '\0' || *r->at != '>')) {
        char c = *r->at++;
        if (c == '<' && quote == '\0') {
            return false;
        }
        if (quote == '\0' && (c == '"' || c == '\'')) {
            quote = c;
        } else if (c == quote) {
            quote = '\0';
        }
    }
    if (r->at == r->end || element->name.bytes == 0) {
        return false;
    }
    *ret_empty = r->at > from && r->at[-1] == '/';
    element->attributes = (struct weir_text){from, (size_t)(r->at - from) - (*ret_empty ? 1 : 0)};
    r->at++;
    return true;
}

/* Hangs a new element below the one that is open. */
static bool hang(struct reader *r, uint32_t index)
{
    if (r->depth == 0) {
        return index == 1; /* there is one root */
    }
    if (r->last[r->depth - 1] == WEIR_XML_NONE) {
        weir_xml_at(r->xml, r->open[r->depth - 1])->child = index;
    } else {
        weir_xml_at(r->xml, r->last[r->depth - 1])->next = index;
    }
    r->last[r->depth - 1] = index;
    return true;
}

static bool begin_element(struct reader *r)
{
    struct weir_element element = {.text = WEIR_TEXT("")};
    bool empty;
    uint32_t index;

    r->at++;
    if (!take_tag(r, &element, &empty)) {
        return false;
    }
    index = add_element(r->xml);
    if (index == WEIR_XML_NONE || !hang(r, index)) {
        return false;
    }
    if (!empty) {
        char *to = r->at;
        if (r->depth == WEIR_XML_DEPTH_MAX) {
            return false;
        }
        r->open[r->depth] = index;
        r->last[r->depth++] = WEIR_XML_NONE;
        element.text.at = r->at;
        if (!take_text(r, &to)) {
            return false;
        }
        element.text.bytes = (size_t)(to - element.text.at);
    }
    *weir_xml_at(r->xml, index) = element;
    return true;
}

static bool end_element(struct reader *r)
{
    struct weir_element *open = r->depth > 0 ? weir_xml_at(r->xml, r->open[r->depth - 1]) : NULL;
    struct weir_element tag;
    bool empty;

    r->at += 2;
    if (open == NULL || !take_tag(r, &tag, &empty) || !weir_text_eq(tag.name, open->name)) {
        return false;
    }
    r->depth--;
    return true;
}

bool weir_xml_read(struct weir_xml *xml, char *at, size_t bytes)
{
    struct reader r = {.xml = xml, .at = at, .end = at + bytes};
    bool good = true;

    weir_buf_clear(&xml->elements);
    (void)add_element(xml);
    while (good && r.at < r.end) {
        char *to = r.at;
        if (starts(&r, "<?")) {
            good = skip_behind(&r, "?>");
        } else if (starts(&r, "</")) {
            good = end_element(&r);
        } else if (starts(&r, "<!--") || starts(&r, "<![CDATA[") || *r.at != '<') {
            good = take_text(&r, &to); /* between elements: not kept */
        } else {
            good = r.at[1] != '!' && begin_element(&r);
        }
    }
    return good && r.depth == 0 && xml->elements.bytes > sizeof(struct weir_element);
}

uint32_t weir_xml_child(struct weir_xml *xml, uint32_t element, const char *name)
{
    uint32_t child = element == WEIR_XML_NONE ? WEIR_XML_NONE : weir_xml_at(xml, element)->child;

    while (child != WEIR_XML_NONE && name != NULL &&
           !weir_text_is(weir_xml_at(xml, child)->name, name)) {
        child = weir_xml_at(xml, child)->next;
    }
    return child;
}

bool weir_xml_attribute(const struct weir_element *element, const char *name,
                        struct weir_text *ret_value)
{
    struct weir_text rest = element->attributes;

    while (rest.at != NULL && rest.bytes > 0) {
        struct weir_text found = weir_text_trim(weir_text_split(&rest, '='));
        rest = rest.at == NULL ? rest : weir_text_trim(rest);
        if (rest.at == NULL || rest.bytes == 0) {
            return false;
        }
        char quote = *rest.at++;
        rest.bytes--;
        struct weir_text value = weir_text_split(&rest, quote);
        if (weir_text_is(found, name)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}
