/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of files to import: lines of DynamoDB JSON, and CSV (RFC 4180 with a delimiter to
 * choose).
 */
#include "svc/dynamodb/import.h"

#include "base/codec.h"
#include "svc/dynamodb/number.h"
#include "wire/json.h"

#include <stdlib.h>

/* ---- records ---- */

/* Where the record's line end is; text.bytes: not in there. A quote that does not begin a field is
 * a letter. */
static size_t end_of_record(struct str text, char delimiter)
{
    enum { BEGIN, PLAIN, QUOTED, CLOSED } state = BEGIN;

    if (delimiter == 0) {
        return str_find(text, '\n', 0);
    }
    for (size_t i = 0; i < text.bytes; i++) {
        char letter = text.at[i];

        if (state == QUOTED) {
            state = letter == '"' ? CLOSED : QUOTED;
        } else if (letter == '"' && state != PLAIN) {
            state = QUOTED; /* behind a closing one it was doubled */
        } else if (letter == '\n') {
            return i;
        } else {
            state = letter == delimiter ? BEGIN : PLAIN;
        }
    }
    return text.bytes;
}

bool record_next(struct str *text, char delimiter, bool last, struct str *ret_record)
{
    size_t end = end_of_record(*text, delimiter);
    struct str record = str_slice(*text, 0, end);

    if (text->bytes == 0 || (end == text->bytes && !last)) {
        return false;
    }
    *text = str_slice(*text, end + 1, text->bytes);
    if (record.bytes > 0 && record.at[record.bytes - 1] == '\r') {
        record.bytes--;
    }
    *ret_record = record;
    return true;
}

/* The quoted field at the front of *rest, with what is behind its closing quote left. */
static bool quoted_field(struct arena *arena, struct str *rest, struct str *ret_field)
{
    char *out = arena_alloc(arena, rest->bytes);
    size_t bytes = 0;
    size_t i = 1;

    for (; i < rest->bytes; i++) {
        if (rest->at[i] != '"') {
            out[bytes++] = rest->at[i];
        } else if (i + 1 < rest->bytes && rest->at[i + 1] == '"') {
            out[bytes++] = '"';
            i++;
        } else {
            *rest = str_slice(*rest, i + 1, rest->bytes);
            *ret_field = str_of(out, bytes);
            return true;
        }
    }
    return false;
}

bool csv_fields(struct arena *arena, struct str record, char delimiter, struct str *ret_fields,
                size_t *ret_count)
{
    struct str rest = record;
    size_t count = 0;

    for (;;) {
        struct str *field = &ret_fields[count];

        if (count == CSV_FIELDS_MAX) {
            return false;
        }
        count++;
        if (rest.bytes > 0 && rest.at[0] == '"') {
            if (!quoted_field(arena, &rest, field) ||
                (rest.bytes > 0 && rest.at[0] != delimiter)) {
                return false;
            }
        } else {
            size_t end = str_find(rest, delimiter, 0);

            *field = str_slice(rest, 0, end);
            rest = str_slice(rest, end, rest.bytes);
        }
        if (rest.bytes == 0) {
            break;
        }
        rest = str_slice(rest, 1, rest.bytes);
    }
    *ret_count = count;
    return true;
}

/* ---- items ---- */

static status line_read(struct arena *arena, struct str line, uint32_t shape, struct why *why,
                        struct import_record *ret_record)
{
    struct value *holder = ARENA_NEW(arena, struct value);

    if (json_read(line, shape, arena, why, holder) != OK) {
        return why_set(why, &DDB_VALIDATION, "The line is no JSON of an item");
    }
    if (holder->kind != VALUE_STRUCT || !has(holder, "Item")) {
        return why_set(why, &DDB_VALIDATION, "The line has no Item");
    }
    ret_record->put = holder;
    TRY(item_from_value(arena, get(holder, "Item"), why, &ret_record->item));
    return item_fits(&ret_record->item, false, why);
}

static const struct operation *operation_of(const char *name)
{
    return model_operation(model_service(STR("dynamodb")), str_c(name));
}

status import_json(struct arena *arena, struct str line, struct why *why,
                   struct import_record *ret_record)
{
    return line_read(arena, line, operation_of("GetItem")->output, why, ret_record);
}

status import_put_line(struct arena *arena, struct str line, struct why *why,
                       struct import_record *ret_record)
{
    return line_read(arena, line, operation_of("PutItem")->input, why, ret_record);
}

/* A column with its value. */
struct cell_of_row {
    struct str name;     /* of the column */
    struct datum datum;  /* its value */
};

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const struct cell_of_row *)a)->name, ((const struct cell_of_row *)b)->name);
}

static uint8_t type_of(const struct csv *csv, struct str name)
{
    for (size_t i = 0; i < csv->attribute_count; i++) {
        if (str_eq(csv->attributes[i].name, name)) {
            return csv->attributes[i].type;
        }
    }
    return DATUM_S;
}

static status cell_read(struct arena *arena, uint8_t type, struct str text, struct why *why,
                        struct datum *ret_datum)
{
    struct number number;
    char *out;
    size_t bytes;

    *ret_datum = (struct datum){type, text};
    if (type == DATUM_N) {
        TRY(number_parse(text, why, &number));
        out = arena_alloc(arena, NUMBER_PACKED_BYTES_MAX);
        ret_datum->body = str_of(out, number_pack(&number, out));
    } else if (type == DATUM_B) {
        out = arena_alloc(arena, text.bytes + 4);
        if (!base64_decode(text, out, &bytes)) {
            return why_set(why, &DDB_VALIDATION, "A binary key is not base64");
        }
        ret_datum->body = str_of(out, bytes);
    } else if (!utf8_valid(text)) {
        return why_set(why, &DDB_VALIDATION, "A text is not UTF-8");
    }
    return OK;
}

static status pack_row(struct arena *arena, const struct cell_of_row *cells, size_t count,
                       struct why *why, struct item *ret_item)
{
    size_t bytes = ITEM_HEAD_BYTES_MAX;
    char *body;
    char *at;

    for (size_t i = 0; i < count; i++) {
        bytes += datum_packed_bytes_max(cells[i].datum) + cells[i].name.bytes +
                 DATUM_HEAD_BYTES_MAX;
    }
    body = (char *)arena_alloc(arena, bytes) + ITEM_HEAD_BYTES_MAX;
    at = body;
    for (size_t i = 0; i < count; i++) {
        at = datum_put_str(at, cells[i].name);
        at = datum_put(at, cells[i].datum);
    }
    TRY(item_make(body, at, why, ret_item));
    return item_fits(ret_item, false, why);
}

status import_csv(struct arena *arena, const struct csv *csv, const struct csv_record *record,
                  struct why *why, struct item *ret_item)
{
    size_t count = record->count;
    struct cell_of_row *cells = arena_alloc(arena, (count + 1) * sizeof(*cells));

    if (count > csv->count) {
        return why_set(why, &DDB_VALIDATION, "The record has more fields than the header");
    }
    for (size_t i = 0; i < count; i++) {
        cells[i].name = csv->names[i];
        TRY(cell_read(arena, type_of(csv, csv->names[i]), record->fields[i], why, &cells[i].datum));
    }
    qsort(cells, count, sizeof(*cells), by_name);
    for (size_t i = 1; i < count; i++) {
        if (str_eq(cells[i - 1].name, cells[i].name)) {
            return why_set(why, &DDB_VALIDATION, "The header has the same name twice");
        }
    }
    return pack_row(arena, cells, count, why, ret_item);
}
