/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML: libyaml's events made into trees, and trees written.
 */
#include "wire/yaml.h"

#include "wire/json.h"
#include "wire/wire.h"

#include <math.h>
#include <yaml.h>

#define KEY_BYTES_SHORT 128 /* at most 1,024 letters with escapes, which libyaml looks ahead */

struct anchor {
    struct str name;           /* behind '&' */
    const struct value *value; /* complete */
    size_t weight;             /* values in it, aliases expanded */
};

struct reader {
    yaml_parser_t parser;      /* libyaml's */
    struct arena *arena;       /* of the tree */
    struct why *why;           /* may be NULL */
    struct yaml_way *way;      /* what tags and merges are; never NULL */
    struct anchor *anchors;    /* in the arena */
    size_t anchor_count;       /* of them */
    size_t weight;             /* of all that was read */
    int depth;                 /* of what is read now */
};

/* ---- errors ---- */

static status wrong(struct reader *reader, const yaml_mark_t *mark, const char *what)
{
    reader->way->line = mark->line + 1;
    reader->way->column = mark->column + 1;
    return why_set(reader->why, &WIRE_SERIALIZATION, "line %zu, column %zu: %s", mark->line + 1,
                   mark->column + 1, what);
}

static status next(struct reader *reader, yaml_event_t *event)
{
    if (yaml_parser_parse(&reader->parser, event) == 1) {
        return OK;
    }
    return wrong(reader, &reader->parser.problem_mark,
                 reader->parser.problem != NULL ? reader->parser.problem : "not YAML");
}

static status weigh(struct reader *reader, size_t more)
{
    reader->weight += more;
    return reader->weight <= YAML_VALUES_MAX && !arena_spent(reader->arena)
               ? OK
               : why_set(reader->why, &ERR_LIMIT, "the document is too large");
}

/* ---- scalars ---- */

static bool is_among(struct str text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(text, str_c(words[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_digit(struct str text, size_t at)
{
    return at < text.bytes && text.at[at] >= '0' && text.at[at] <= '9';
}

/* A digit or a sign, but no zero before other digits: an account's number is a text. */
static bool is_number_begin(struct str text)
{
    size_t at = text.bytes > 0 && text.at[0] == '-' ? 1 : 0;

    return is_digit(text, at) && !(text.at[at] == '0' && is_digit(text, at + 1));
}

static struct value plain(struct str text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    static const char *const trues[] = {"true", "True", "TRUE"};
    static const char *const falses[] = {"false", "False", "FALSE"};
    struct value value = {.kind = VALUE_STR};
    int64_t number;
    double real;

    value.str = text;
    if (is_among(text, nulls, 5)) {
        value.kind = VALUE_NULL;
    } else if (is_among(text, trues, 3) || is_among(text, falses, 3)) {
        value.kind = VALUE_BOOL;
        value.truth = is_among(text, trues, 3);
    } else if (is_number_begin(text) && str_to_i64(text, &number)) {
        value.kind = VALUE_INT;
        value.number = number;
    } else if (is_number_begin(text) && str_to_double(text, &real) && isfinite(real)) {
        value.kind = VALUE_DOUBLE;
        value.real = real;
    }
    return value;
}

/* What YAML 1.1 took for truth values, too. */
static bool is_yes_no(struct str text, bool *ret_truth)
{
    static const char *const yes[] = {"yes", "Yes", "YES", "on", "On", "ON"};
    static const char *const no[] = {"no", "No", "NO", "off", "Off", "OFF"};

    *ret_truth = is_among(text, yes, 6);
    return *ret_truth || is_among(text, no, 6);
}

static struct value scalar(struct reader *reader, const yaml_event_t *event)
{
    struct str text = arena_dup(
        reader->arena, str_of(event->data.scalar.value, event->data.scalar.length));
    struct value value = {.kind = VALUE_STR};
    bool truth;

    if (event->data.scalar.plain_implicit && reader->way->yes_no && is_yes_no(text, &truth)) {
        value.kind = VALUE_BOOL;
        value.truth = truth;
        return value;
    }
    value.str = text;
    return event->data.scalar.plain_implicit ? plain(text) : value;
}

/* ---- anchors ---- */

static void anchor_keep(struct reader *reader, const yaml_char_t *name,
                        const struct value *value, size_t weight)
{
    struct str text = name == NULL ? STR_NONE : str_c((const char *)name);

    if (text.bytes == 0 || reader->anchor_count == YAML_ANCHORS_MAX) {
        return;
    }
    if (reader->anchors == NULL) {
        reader->anchors =
            arena_zero(reader->arena, YAML_ANCHORS_MAX * sizeof(reader->anchors[0]));
    }
    reader->anchors[reader->anchor_count++] =
        (struct anchor){arena_dup(reader->arena, text), value, weight};
}

static status alias(struct reader *reader, const yaml_event_t *event, struct value *ret_value)
{
    struct str name = str_c((const char *)event->data.alias.anchor);

    for (size_t i = reader->anchor_count; i > 0; i--) { /* the newest of that name */
        if (str_eq(reader->anchors[i - 1].name, name)) {
            *ret_value = *reader->anchors[i - 1].value;
            return weigh(reader, reader->anchors[i - 1].weight);
        }
    }
    return wrong(reader, &event->start_mark, "an alias of what is not there");
}

/* ---- collections ---- */

static status node(struct reader *reader, const yaml_event_t *event, struct value *ret_value);

/* Room for one more: doubled in the arena. */
static void *grown(struct reader *reader, void *old, uint32_t count, uint32_t *room, size_t bytes)
{
    uint32_t wanted = *room == 0 ? 4 : *room * 2;
    void *made;

    if (count < *room) {
        return old;
    }
    made = arena_alloc(reader->arena, wanted * bytes);
    if (count > 0) {
        memcpy(made, old, count * bytes);
    }
    *room = wanted;
    return made;
}

static status sequence(struct reader *reader, struct value *list)
{
    status read = OK;
    bool ended = false;

    list->kind = VALUE_LIST;
    while (read == OK && !ended) {
        yaml_event_t event;

        TRY(next(reader, &event));
        ended = event.type == YAML_SEQUENCE_END_EVENT;
        if (!ended) {
            list->items = grown(reader, list->items, list->count, &list->room,
                                sizeof(struct value));
            read = node(reader, &event, &list->items[list->count]);
            list->count += read == OK;
        }
        yaml_event_delete(&event);
    }
    return read;
}

static struct value *found(const struct value *map, struct str key)
{
    for (uint32_t i = 0; i < map->count; i++) {
        if (str_eq(map->pairs[i].key, key)) {
            return &map->pairs[i].value;
        }
    }
    return NULL;
}

/* The last of a key that comes twice counts, as in JSON. */
static struct value *place_of(struct reader *reader, struct value *map, struct str key)
{
    struct value *there = found(map, key);

    if (there != NULL) {
        return there;
    }
    map->pairs = grown(reader, map->pairs, map->count, &map->room, sizeof(struct pair));
    map->pairs[map->count].key = key;
    return &map->pairs[map->count++].value;
}

static status pair(struct reader *reader, const yaml_event_t *key, struct value *map)
{
    yaml_event_t event;
    struct value value;
    status read;

    if (key->type != YAML_SCALAR_EVENT) {
        return wrong(reader, &key->start_mark, "a key must be a scalar");
    }
    if (map->count == YAML_KEYS_MAX) { /* each is looked for among the others */
        return why_set(reader->why, &ERR_LIMIT, "a map has too many keys");
    }
    TRY(next(reader, &event));
    read = node(reader, &event, &value);
    yaml_event_delete(&event);
    TRY(read);
    *place_of(reader, map,
              arena_dup(reader->arena,
                        str_of(key->data.scalar.value, key->data.scalar.length))) = value;
    return OK;
}

/* What the merge key brings: its keys stand behind the map's own, which count. */
static status merge(struct reader *reader, struct value *map, const struct value *other)
{
    if (other->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < other->count; i++) {
            if (other->items[i].kind != VALUE_MAP) {
                return why_set(reader->why, &WIRE_SERIALIZATION, "a merge of what is no map");
            }
            TRY(merge(reader, map, &other->items[i]));
        }
        return OK;
    }
    if (other->kind != VALUE_MAP) {
        return why_set(reader->why, &WIRE_SERIALIZATION, "a merge of what is no map");
    }
    for (uint32_t i = 0; i < other->count; i++) {
        if (found(map, other->pairs[i].key) != NULL) {
            continue;
        }
        if (map->count == YAML_KEYS_MAX) {
            return why_set(reader->why, &ERR_LIMIT, "a map has too many keys");
        }
        *place_of(reader, map, other->pairs[i].key) = other->pairs[i].value;
    }
    return OK;
}

/* Takes the merge key out of a complete map and its keys in. */
static status merged(struct reader *reader, struct value *map)
{
    for (uint32_t i = 0; i < map->count; i++) {
        if (str_eq(map->pairs[i].key, STR("<<"))) {
            struct value other = map->pairs[i].value;

            memmove(&map->pairs[i], &map->pairs[i + 1],
                    (map->count - i - 1) * sizeof(struct pair));
            map->count--;
            return merge(reader, map, &other);
        }
    }
    return OK;
}

static status mapping(struct reader *reader, struct value *map)
{
    status read = OK;
    bool ended = false;

    map->kind = VALUE_MAP;
    while (read == OK && !ended) {
        yaml_event_t event;

        TRY(next(reader, &event));
        ended = event.type == YAML_MAPPING_END_EVENT;
        if (!ended) {
            read = pair(reader, &event, map);
        }
        yaml_event_delete(&event);
    }
    return read == OK && reader->way->merges ? merged(reader, map) : read;
}

/* Tags of one's own begin with "!"; YAML's, such as "!!str", are whole URIs by then. */
static status tagged(struct reader *reader, const yaml_event_t *event, const yaml_char_t *name,
                     struct value *made)
{
    struct str tag = name == NULL ? STR_NONE : str_c((const char *)name);
    status read;

    if (reader->way->tag == NULL || tag.bytes < 2 || tag.at[0] != '!') {
        return OK;
    }
    TRY(weigh(reader, 2)); /* what it is likely to be wrapped into */
    read = reader->way->tag(reader->way->context, arena_dup(reader->arena, tag), reader->arena,
                            made);
    return read == OK ? OK : wrong(reader, &event->start_mark, "a tag that is not known here");
}

static status collection(struct reader *reader, const yaml_event_t *event, struct value *made)
{
    bool list = event->type == YAML_SEQUENCE_START_EVENT;
    size_t before = reader->weight;
    struct value *kept;
    status read;

    if (++reader->depth > WIRE_DEPTH_MAX) {
        return why_set(reader->why, &ERR_LIMIT, "the document is too deep");
    }
    read = list ? sequence(reader, made) : mapping(reader, made);
    reader->depth--;
    TRY(read);
    TRY(tagged(reader, event,
               list ? event->data.sequence_start.tag : event->data.mapping_start.tag, made));
    kept = ARENA_NEW(reader->arena, struct value);
    *kept = *made;
    anchor_keep(reader,
                list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor, kept,
                reader->weight - before + 1);
    return OK;
}

static status node(struct reader *reader, const yaml_event_t *event, struct value *ret_value)
{
    struct value made = {.kind = VALUE_NULL};
    struct value *kept;

    TRY(weigh(reader, 1));
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        made = scalar(reader, event);
        TRY(tagged(reader, event, event->data.scalar.tag, &made));
        if (event->data.scalar.anchor != NULL) {
            kept = ARENA_NEW(reader->arena, struct value);
            *kept = made;
            anchor_keep(reader, event->data.scalar.anchor, kept, made.kind == VALUE_STR ? 1 : 3);
        }
        break;
    case YAML_ALIAS_EVENT:
        TRY(alias(reader, event, &made));
        break;
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        TRY(collection(reader, event, &made));
        break;
    default:
        return wrong(reader, &event->start_mark, "nothing where a value should be");
    }
    *ret_value = made;
    return OK;
}

/* ---- documents ---- */

static status step(struct reader *reader, yaml_event_type_t wanted, const char *otherwise)
{
    yaml_event_t event;
    status read = OK;

    TRY(next(reader, &event));
    if (event.type != wanted) {
        read = wrong(reader, &event.start_mark, otherwise);
    }
    yaml_event_delete(&event);
    return read;
}

static status document(struct reader *reader, struct value *ret_value)
{
    yaml_event_t event;
    struct value made;
    status read;

    TRY(step(reader, YAML_STREAM_START_EVENT, "not YAML"));
    TRY(step(reader, YAML_DOCUMENT_START_EVENT, "there is no document"));
    TRY(next(reader, &event));
    read = node(reader, &event, &made);
    yaml_event_delete(&event);
    TRY(read);
    TRY(step(reader, YAML_DOCUMENT_END_EVENT, "not YAML"));
    TRY(step(reader, YAML_STREAM_END_EVENT, "there is more than one document"));
    *ret_value = made;
    return OK;
}

status yaml_read_as(struct yaml_way *way, struct str text, struct arena *arena, struct why *why,
                    struct value *ret_value)
{
    struct reader reader = {.arena = arena, .why = why, .way = way};
    status read;

    if (yaml_parser_initialize(&reader.parser) != 1) {
        return why_set(why, &ERR_LIMIT, "no memory");
    }
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text.at, text.bytes);
    read = document(&reader, ret_value);
    yaml_parser_delete(&reader.parser);
    return read;
}

status yaml_read(struct str text, struct arena *arena, struct why *why, struct value *ret_value)
{
    struct yaml_way way = {.context = NULL};

    return yaml_read_as(&way, text, arena, why, ret_value);
}

/* ---- writing ---- */

static bool is_plain_key(struct str key)
{
    bool letters = false;

    for (size_t i = 0; i < key.bytes; i++) {
        char letter = key.at[i];
        bool good = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                    (letter >= '0' && letter <= '9') ||
                    (i > 0 && letter != '\0' && strchr("_/.+-${}", letter) != NULL) ||
                    (i == 0 && (letter == '/' || letter == '_'));

        if (!good) {
            return false;
        }
        letters = letters || (letter >= 'a' && letter <= 'z') || letter == '/';
    }
    return letters && plain(key).kind == VALUE_STR;
}

/* The code point at the begin of well-formed UTF-8, and its bytes. */
static uint32_t code_point(struct str text, size_t *ret_bytes)
{
    unsigned char first = (unsigned char)text.at[0];
    size_t bytes = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t code = first < 0x80 ? first : first & (0xffu >> (bytes + 1));

    bytes = bytes > text.bytes ? text.bytes : bytes;
    for (size_t i = 1; i < bytes; i++) {
        code = code << 6 | ((unsigned char)text.at[i] & 0x3fu);
    }
    *ret_bytes = bytes;
    return code;
}

/* In double quotes, with what YAML does not allow as it is written as an escape. */
static void write_text(struct buf *out, struct str text)
{
    buf_add_c(out, '"');
    while (text.bytes > 0) {
        size_t bytes;
        uint32_t code = code_point(text, &bytes);

        if (code == '"' || code == '\\') {
            buf_add_c(out, '\\');
            buf_add_c(out, (char)code);
        } else if (code == '\n') {
            buf_add(out, STR("\\n"));
        } else if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
                   code == 0x2029 || code == 0xfeff || code == 0xfffe || code == 0xffff) {
            buf_printf(out, "\\u%04x", code);
        } else {
            buf_add(out, str_slice(text, 0, bytes));
        }
        text = str_slice(text, bytes, text.bytes);
    }
    buf_add_c(out, '"');
}

static void write_indent(struct buf *out, int depth)
{
    for (int i = 0; i < depth; i++) {
        buf_add(out, STR("  "));
    }
}

static void write_block(struct buf *out, const struct value *value, int depth);

/* What stands behind "key:" or "-". */
static void write_inner(struct buf *out, const struct value *value, int depth)
{
    if ((value->kind == VALUE_MAP || value->kind == VALUE_LIST) && value->count > 0) {
        buf_add_c(out, '\n');
        write_block(out, value, depth);
        return;
    }
    buf_add_c(out, ' ');
    if (value->kind == VALUE_MAP) {
        buf_add(out, STR("{}"));
    } else if (value->kind == VALUE_LIST) {
        buf_add(out, STR("[]"));
    } else if (value->kind == VALUE_STR) {
        write_text(out, value->str);
    } else {
        json_write(out, value, TIME_ISO);
    }
    buf_add_c(out, '\n');
}

/* Long keys are announced: a reader looks ahead for a colon only so far. */
static void write_key(struct buf *out, struct str key, int depth)
{
    bool is_long = key.bytes > KEY_BYTES_SHORT;

    if (is_long) {
        buf_add(out, STR("? "));
    }
    if (is_plain_key(key)) {
        buf_add(out, key);
    } else {
        write_text(out, key);
    }
    if (is_long) {
        buf_add_c(out, '\n');
        write_indent(out, depth);
    }
    buf_add_c(out, ':');
}

static void write_block(struct buf *out, const struct value *value, int depth)
{
    for (uint32_t i = 0; i < value->count; i++) {
        write_indent(out, depth);
        if (value->kind == VALUE_LIST) {
            buf_add_c(out, '-');
            write_inner(out, &value->items[i], depth + 1);
        } else {
            write_key(out, value->pairs[i].key, depth);
            write_inner(out, &value->pairs[i].value, depth + 1);
        }
    }
}

void yaml_write(struct buf *out, const struct value *document)
{
    write_block(out, document, 0);
}
