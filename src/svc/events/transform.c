/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates.
 *
 * Rules
 *  1. <name> is a variable of the paths' map, or one of AWS's own (aws.events.…). What is defined
 *     and not in the event is an empty text.
 *  2. Outside quotes a variable is its JSON: a text has its quotes. Inside quotes a text stands as
 *     it is, nothing is escaped; of an object or a list the quotes are left out.
 *  3. A template that begins with { or [ is JSON: what it becomes must be JSON, and loses its white
 *     space. Any other is a text, or several, quotes included.
 *  4. <aws.events.event> has no detail, and says detailType.
 */
#include "svc/events/transform.h"

#include "base/buf.h"
#include "base/time.h"
#include "svc/events/text.h"
#include "wire/json.h"

#define FILLED_BYTES_MAX (1024u * 1024)
#define CHECKED_BYTES_MAX (64u * 1024) /* a template with null for its variables */

enum piece_kind { LITERAL, PATH, RULE_ARN, RULE_NAME, INGESTION, EVENT, EVENT_JSON };

struct piece {
    uint8_t kind;      /* enum piece_kind */
    bool quoted;       /* it stands in a text */
    struct str text;   /* a literal's; of PATH the path */
};

struct transform {
    struct piece *pieces; /* one after the other */
    size_t count;         /* of them */
    bool json;            /* rule 3 */
};

static bool own_variable(struct str name, uint8_t *ret_kind)
{
    static const struct own {
        const char *name;
        uint8_t kind;
    } all[] = {
        {"aws.events.rule-arn", RULE_ARN},
        {"aws.events.rule-name", RULE_NAME},
        {"aws.events.event.ingestion-time", INGESTION},
        {"aws.events.event", EVENT},
        {"aws.events.event.json", EVENT_JSON},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (str_eq(name, str_c(all[i].name))) {
            *ret_kind = all[i].kind;
            return true;
        }
    }
    return false;
}

static bool variable(struct str name, const struct value *paths, struct piece *piece)
{
    const struct value *path = paths == NULL ? NULL : map_find(paths, name);

    if (own_variable(name, &piece->kind)) {
        return true;
    }
    piece->kind = PATH;
    piece->text = path == NULL ? STR_NONE : path->str;
    return path != NULL;
}

/* Whether a text ends inside quotes, when it began inside or not. */
static bool quoted_after(struct str text, bool quoted)
{
    for (size_t i = 0; i < text.bytes; i++) {
        if (quoted && text.at[i] == '\\') {
            i++;
        } else if (text.at[i] == '"') {
            quoted = !quoted;
        }
    }
    return quoted;
}

static struct str blank_off(struct str text)
{
    size_t from = 0;

    while (from < text.bytes && strchr(" \t\r\n", text.at[from]) != NULL) {
        from++;
    }
    return str_slice(text, from, text.bytes);
}

/* With null for its variables it must be JSON; of a text that is not an object or a list the first
 * value must be. */
static bool sound(struct arena *arena, const struct transform *transform)
{
    struct str checked;
    struct value value;
    struct buf text;
    struct why why;

    buf_init(&text, CHECKED_BYTES_MAX);
    for (size_t i = 0; i < transform->count; i++) {
        buf_add(&text,
                transform->pieces[i].kind == LITERAL ? transform->pieces[i].text : STR("null"));
    }
    checked = blank_off(arena_dup(arena, buf_str(&text)));
    buf_done(&text);
    if (!transform->json && checked.bytes > 0 && checked.at[0] == '"') {
        for (size_t i = 1; i < checked.bytes; i++) {
            if (checked.at[i] == '"') {
                return true;
            }
            i += checked.at[i] == '\\';
        }
        return false;
    }
    return json_read(checked, 0, arena, &why, &value) == OK;
}

status transform_compile(struct arena *arena, struct str template, const struct value *paths,
                         struct str *ret_bad, const struct transform **ret_transform)
{
    struct transform *made = ARENA_NEW(arena, struct transform);
    struct str begin = blank_off(template);
    struct str rest = template;
    bool quoted = false;

    made->json = begin.bytes > 0 && (begin.at[0] == '{' || begin.at[0] == '[');
    made->pieces = arena_zero(arena, (template.bytes + 1) * sizeof(struct piece));
    while (rest.bytes > 0) {
        size_t open = str_find(rest, '<', 0);
        size_t close = str_find(rest, '>', open);
        bool whole = close < rest.bytes;
        struct str before = str_slice(rest, 0, whole ? open : rest.bytes);
        struct str name = str_slice(rest, open + 1, close);

        if (before.bytes > 0) {
            made->pieces[made->count++] = (struct piece){LITERAL, quoted, before};
            quoted = quoted_after(before, quoted);
        }
        if (!whole) {
            break;
        }
        made->pieces[made->count].quoted = quoted;
        if (!variable(name, paths, &made->pieces[made->count++])) {
            *ret_bad = name;
            return &ERR_NOT_FOUND;
        }
        rest = str_slice(rest, close + 1, rest.bytes);
    }
    if (!sound(arena, made)) {
        return &ERR_MALFORMED;
    }
    *ret_transform = made;
    return OK;
}

/* ---- filling ---- */

static void add_without_quotes(struct buf *text, struct str json)
{
    for (size_t i = 0; i < json.bytes; i++) {
        if (json.at[i] == '\\' && i + 1 < json.bytes) {
            buf_add_c(text, json.at[i]);
            buf_add_c(text, json.at[++i]);
        } else if (json.at[i] != '"') {
            buf_add_c(text, json.at[i]);
        }
    }
}

/* The event without its detail. */
static struct str event_head(struct arena *arena, struct str event)
{
    static const char *const names[][2] = {
        {"version", "$.version"}, {"id", "$.id"},         {"detailType", "$.detail-type"},
        {"source", "$.source"},   {"account", "$.account"}, {"time", "$.time"},
        {"region", "$.region"},   {"resources", "$.resources"},
    };
    struct buf text;
    struct str made;

    buf_init(&text, FILLED_BYTES_MAX);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        buf_printf(&text, "%s\"%s\":", i == 0 ? "{" : ",", names[i][0]);
        buf_add(&text, path_find(arena, event, str_c(names[i][1])));
    }
    buf_add_c(&text, '}');
    made = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return made;
}

static struct str quote(struct arena *arena, struct str plain)
{
    struct buf text;
    struct str made;

    buf_init(&text, FILLED_BYTES_MAX);
    json_write_str(&text, plain);
    made = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return made;
}

/* A variable's JSON. */
static struct str json_of(struct arena *arena, const struct piece *piece,
                          const struct transform_input *input)
{
    struct str found;

    switch (piece->kind) {
    case RULE_ARN:
        return quote(arena, input->rule_arn);
    case RULE_NAME:
        return quote(arena, input->rule_name);
    case INGESTION:
        return quote(arena, time_iso(arena, input->ingested_ms - input->ingested_ms % 1000));
    case EVENT:
        return event_head(arena, input->event);
    case EVENT_JSON:
        return input->event;
    default:
        found = path_find(arena, input->event, piece->text);
        return found.at == NULL ? STR("\"\"") : found;
    }
}

static void piece_fill(struct arena *arena, const struct piece *piece,
                       const struct transform_input *input, struct buf *text)
{
    struct str json;

    if (piece->kind == LITERAL) {
        buf_add(text, piece->text);
        return;
    }
    json = json_of(arena, piece, input);
    if (!piece->quoted) {
        buf_add(text, json);
    } else if (json.bytes > 0 && json.at[0] == '"') {
        buf_add(text, text_plain(arena, json));
    } else {
        add_without_quotes(text, json);
    }
}

struct str transform_fill(struct arena *arena, const struct transform *transform,
                          const struct transform_input *input)
{
    struct str made = STR_NONE;
    struct value value;
    struct buf text;
    struct why why;

    buf_init(&text, FILLED_BYTES_MAX);
    for (size_t i = 0; i < transform->count; i++) {
        piece_fill(arena, &transform->pieces[i], input, &text);
    }
    if (!buf_spent(&text)) {
        made = arena_dup(arena, buf_str(&text));
    }
    buf_done(&text);
    if (made.at != NULL && transform->json) {
        return json_read(arena_dup(arena, made), 0, arena, &why, &value) == OK
                   ? text_minify(arena, made)
                   : STR_NONE;
    }
    return made;
}
