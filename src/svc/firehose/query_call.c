/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of queries. A time is a number of seconds since 1970; strptime gives it at once, and
 * mktime and gmtime leave it as it is.
 */
#include "svc/firehose/query_int.h"

#include "base/buf.h"
#include "base/time.h"
#include "wire/json.h"

#include <math.h>

#define SECONDS_MAX 253402300799.0 /* 9999-12-31T23:59:59Z */

/* ---- texts ---- */

static status need_text(struct query_run *run, const struct value *value, const char *function)
{
    return value->kind == VALUE_STR
               ? OK
               : query_wrong(run, "%s is asked of %s", function, query_type(value));
}

static status to_text(struct query_run *run, const struct value *input,
                      const struct value *argument, struct value *ret_value)
{
    struct value plain = query_plain(input);
    struct buf text;
    status made;

    (void)argument;
    if (input->kind == VALUE_STR) {
        *ret_value = *input;
        return OK;
    }
    buf_init(&text, QUERY_BYTES_MAX);
    json_write(&text, &plain, TIME_EPOCH);
    made = buf_spent(&text) ? query_wrong(run, "the query makes too much text")
                            : query_text(run, text.at, text.bytes, ret_value);
    buf_done(&text);
    return made;
}

static status to_number(struct query_run *run, const struct value *input,
                        const struct value *argument, struct value *ret_value)
{
    double number;

    (void)argument;
    if (!query_number(input, &number) &&
        (input->kind != VALUE_STR || !str_to_double(input->str, &number))) {
        return query_wrong(run, "%s cannot be parsed as a number", query_type(input));
    }
    query_set_number(ret_value, number);
    return OK;
}

static status change_case(struct query_run *run, const struct value *input, bool upper,
                          struct value *ret_value)
{
    char *text;

    TRY(need_text(run, input, upper ? "ascii_upcase" : "ascii_downcase"));
    TRY(query_text(run, input->str.at, input->str.bytes, ret_value));
    text = (char *)(uintptr_t)ret_value->str.at;
    for (size_t i = 0; i < input->str.bytes; i++) {
        char first = upper ? 'a' : 'A';

        if (text[i] >= first && text[i] <= first + 25) {
            text[i] = (char)(text[i] ^ 0x20);
        }
    }
    return OK;
}

static status to_lower(struct query_run *run, const struct value *input,
                       const struct value *argument, struct value *ret_value)
{
    (void)argument;
    return change_case(run, input, false, ret_value);
}

static status to_upper(struct query_run *run, const struct value *input,
                       const struct value *argument, struct value *ret_value)
{
    (void)argument;
    return change_case(run, input, true, ret_value);
}

static status split(struct query_run *run, const struct value *input,
                    const struct value *argument, struct value *ret_value)
{
    struct value list = {.kind = VALUE_LIST};
    struct str rest;

    TRY(need_text(run, input, "split"));
    TRY(need_text(run, argument, "split"));
    list.room = (uint32_t)input->str.bytes + 1;
    run->bytes += list.room * sizeof(struct value);
    if (run->bytes > QUERY_BYTES_MAX * 16u || argument->str.bytes == 0) {
        return query_wrong(run, "split makes too much");
    }
    list.items = arena_zero(run->arena, list.room * sizeof(struct value));
    rest = input->str;
    while (input->str.bytes > 0) {
        size_t at = str_find_str(rest, argument->str);

        list.items[list.count++] =
            (struct value){.kind = VALUE_STR, .str = str_slice(rest, 0, at)};
        if (at == rest.bytes) {
            break;
        }
        rest = str_slice(rest, at + argument->str.bytes, rest.bytes);
    }
    *ret_value = list;
    return OK;
}

static status join(struct query_run *run, const struct value *input,
                   const struct value *argument, struct value *ret_value)
{
    struct buf text;
    status made = OK;

    TRY(need_text(run, argument, "join"));
    if (input->kind != VALUE_LIST) {
        return query_wrong(run, "join is asked of %s", query_type(input));
    }
    buf_init(&text, QUERY_BYTES_MAX);
    for (uint32_t i = 0; made == OK && i < input->count; i++) {
        struct value item = {.kind = VALUE_STR, .str = STR("")};

        if (input->items[i].kind != VALUE_NULL) {
            made = to_text(run, &input->items[i], NULL, &item);
        }
        if (made == OK) {
            buf_add(&text, i == 0 ? STR("") : argument->str);
            buf_add(&text, item.str);
        }
    }
    if (made == OK) {
        made = buf_spent(&text) ? query_wrong(run, "the query makes too much text")
                                : query_text(run, text.at, text.bytes, ret_value);
    }
    buf_done(&text);
    return made;
}

static status trim_start(struct query_run *run, const struct value *input,
                         const struct value *argument, struct value *ret_value)
{
    (void)run;
    *ret_value = *input;
    if (input->kind == VALUE_STR && argument->kind == VALUE_STR &&
        str_starts(input->str, argument->str)) {
        ret_value->str = str_slice(input->str, argument->str.bytes, input->str.bytes);
    }
    return OK;
}

static status trim_end(struct query_run *run, const struct value *input,
                       const struct value *argument, struct value *ret_value)
{
    (void)run;
    *ret_value = *input;
    if (input->kind == VALUE_STR && argument->kind == VALUE_STR &&
        str_ends(input->str, argument->str)) {
        ret_value->str = str_slice(input->str, 0, input->str.bytes - argument->str.bytes);
    }
    return OK;
}

static void set_truth(struct value *value, bool truth)
{
    *value = (struct value){.kind = VALUE_BOOL, .truth = truth};
}

static status starts(struct query_run *run, const struct value *input,
                     const struct value *argument, struct value *ret_value)
{
    TRY(need_text(run, input, "startswith"));
    TRY(need_text(run, argument, "startswith"));
    set_truth(ret_value, str_starts(input->str, argument->str));
    return OK;
}

static status ends(struct query_run *run, const struct value *input,
                   const struct value *argument, struct value *ret_value)
{
    TRY(need_text(run, input, "endswith"));
    TRY(need_text(run, argument, "endswith"));
    set_truth(ret_value, str_ends(input->str, argument->str));
    return OK;
}

static status contains(struct query_run *run, const struct value *input,
                       const struct value *argument, struct value *ret_value)
{
    TRY(need_text(run, input, "contains"));
    TRY(need_text(run, argument, "contains"));
    set_truth(ret_value, argument->str.bytes == 0 ||
                             str_find_str(input->str, argument->str) < input->str.bytes);
    return OK;
}

/* ---- all values ---- */

static status negate(struct query_run *run, const struct value *input,
                     const struct value *argument, struct value *ret_value)
{
    (void)run;
    (void)argument;
    set_truth(ret_value, input->kind == VALUE_NULL || (input->kind == VALUE_BOOL && !input->truth));
    return OK;
}

static status type(struct query_run *run, const struct value *input,
                   const struct value *argument, struct value *ret_value)
{
    (void)run;
    (void)argument;
    *ret_value = (struct value){.kind = VALUE_STR, .str = str_c(query_type(input))};
    return OK;
}

static status length(struct query_run *run, const struct value *input,
                     const struct value *argument, struct value *ret_value)
{
    double number = 0;

    (void)argument;
    if (input->kind == VALUE_BOOL) {
        return query_wrong(run, "boolean has no length");
    }
    if (input->kind == VALUE_STR) {
        for (size_t i = 0; i < input->str.bytes; i++) {
            number += ((unsigned char)input->str.at[i] & 0xc0) != 0x80;
        }
    } else if (!query_number(input, &number) && input->kind != VALUE_NULL) {
        number = input->count;
    }
    query_set_number(ret_value, fabs(number));
    return OK;
}

static status has_key(struct query_run *run, const struct value *input,
                      const struct value *argument, struct value *ret_value)
{
    double at;

    if (input->kind == VALUE_MAP && argument->kind == VALUE_STR) {
        set_truth(ret_value, map_find(input, argument->str) != NULL);
        return OK;
    }
    if (input->kind == VALUE_LIST && query_number(argument, &at)) {
        set_truth(ret_value, at >= 0 && at < input->count);
        return OK;
    }
    return query_wrong(run, "Cannot check whether %s has a %s key", query_type(input),
                       query_type(argument));
}

static status one_of_list(struct query_run *run, const struct value *input, bool first,
                          struct value *ret_value)
{
    if (input->kind != VALUE_LIST) {
        return query_wrong(run, "Cannot index %s with number", query_type(input));
    }
    *ret_value = input->count == 0 ? (struct value){.kind = VALUE_NULL}
                                   : input->items[first ? 0 : input->count - 1];
    return OK;
}

static status first_item(struct query_run *run, const struct value *input,
                         const struct value *argument, struct value *ret_value)
{
    (void)argument;
    return one_of_list(run, input, true, ret_value);
}

static status last_item(struct query_run *run, const struct value *input,
                        const struct value *argument, struct value *ret_value)
{
    (void)argument;
    return one_of_list(run, input, false, ret_value);
}

static status empty(struct query_run *run, const struct value *input,
                    const struct value *argument, struct value *ret_value)
{
    (void)run;
    (void)input;
    (void)argument;
    *ret_value = (struct value){.kind = VALUE_NONE};
    return OK;
}

/* ---- numbers ---- */

static status rounded(struct query_run *run, const struct value *input, double (*how)(double),
                      struct value *ret_value)
{
    double number;

    if (!query_number(input, &number)) {
        return query_wrong(run, "%s number required", query_type(input));
    }
    query_set_number(ret_value, how(number));
    return OK;
}

static status round_down(struct query_run *run, const struct value *input,
                         const struct value *argument, struct value *ret_value)
{
    (void)argument;
    return rounded(run, input, floor, ret_value);
}

static status round_up(struct query_run *run, const struct value *input,
                       const struct value *argument, struct value *ret_value)
{
    (void)argument;
    return rounded(run, input, ceil, ret_value);
}

static status round_near(struct query_run *run, const struct value *input,
                         const struct value *argument, struct value *ret_value)
{
    (void)argument;
    return rounded(run, input, round, ret_value);
}

/* ---- times ---- */

static status same_time(struct query_run *run, const struct value *input,
                        const struct value *argument, struct value *ret_value)
{
    double seconds;

    (void)argument;
    if (!query_number(input, &seconds)) {
        return query_wrong(run, "%s is no time", query_type(input));
    }
    query_set_number(ret_value, floor(seconds));
    return OK;
}

static int yearday(const struct time_parts *at)
{
    struct time_parts first = {.year = at->year, .month = 1, .day = 1};
    struct time_parts day = {.year = at->year, .month = at->month, .day = at->day};

    return (int)((time_of_parts(&day) - time_of_parts(&first)) / MS_PER_DAY) + 1;
}

/* False: the letter is not known. */
static bool write_time(struct buf *out, char letter, const struct time_parts *at, int64_t seconds)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

    switch (letter) {
    case 'Y':
        buf_printf(out, "%04d", at->year);
        return true;
    case 'y':
        buf_printf(out, "%02d", at->year % 100);
        return true;
    case 'm':
        buf_printf(out, "%02d", at->month);
        return true;
    case 'd':
        buf_printf(out, "%02d", at->day);
        return true;
    case 'H':
        buf_printf(out, "%02d", at->hour);
        return true;
    case 'M':
        buf_printf(out, "%02d", at->minute);
        return true;
    case 'S':
        buf_printf(out, "%02d", at->second);
        return true;
    case 'j':
        buf_printf(out, "%03d", yearday(at));
        return true;
    case 'F':
        buf_printf(out, "%04d-%02d-%02d", at->year, at->month, at->day);
        return true;
    case 'T':
        buf_printf(out, "%02d:%02d:%02d", at->hour, at->minute, at->second);
        return true;
    case 's':
        buf_printf(out, "%lld", (long long)seconds);
        return true;
    case 'a':
        buf_add(out, str_c(days[at->weekday]));
        return true;
    case 'b':
        buf_add(out, str_c(months[at->month - 1]));
        return true;
    case 'Z':
        buf_add(out, STR("UTC"));
        return true;
    case 'z':
        buf_add(out, STR("+0000"));
        return true;
    case '%':
        buf_add_c(out, '%');
        return true;
    default:
        return false;
    }
}

static status format_time(struct query_run *run, const struct value *input,
                          const struct value *argument, struct value *ret_value)
{
    struct time_parts at;
    double seconds;
    struct buf text;
    bool known = true;
    status made;

    TRY(need_text(run, argument, "strftime"));
    if (!query_number(input, &seconds) || !(fabs(seconds) <= SECONDS_MAX)) {
        return query_wrong(run, "strftime/1 requires a number of seconds");
    }
    at = time_parts_of((int64_t)floor(seconds) * MS_PER_SECOND);
    buf_init(&text, QUERY_BYTES_MAX);
    for (size_t i = 0; known && i < argument->str.bytes; i++) {
        if (argument->str.at[i] != '%') {
            buf_add_c(&text, argument->str.at[i]);
        } else {
            known = ++i < argument->str.bytes &&
                    write_time(&text, argument->str.at[i], &at, (int64_t)floor(seconds));
        }
    }
    made = !known || buf_spent(&text)
               ? query_wrong(run, "strftime/1 does not know that format")
               : query_text(run, text.at, text.bytes, ret_value);
    buf_done(&text);
    return made;
}

static bool read_digits(struct str *rest, size_t digits, int *ret_number)
{
    uint64_t number;

    if (!str_to_u64(str_slice(*rest, 0, digits), &number) || rest->bytes < digits) {
        return false;
    }
    *ret_number = (int)number;
    *rest = str_slice(*rest, digits, rest->bytes);
    return true;
}

static bool read_time(struct str *rest, char letter, struct time_parts *at)
{
    switch (letter) {
    case 'Y':
        return read_digits(rest, 4, &at->year);
    case 'm':
        return read_digits(rest, 2, &at->month) && at->month >= 1 && at->month <= 12;
    case 'd':
        return read_digits(rest, 2, &at->day) && at->day >= 1 && at->day <= 31;
    case 'H':
        return read_digits(rest, 2, &at->hour) && at->hour <= 23;
    case 'M':
        return read_digits(rest, 2, &at->minute) && at->minute <= 59;
    case 'S':
        return read_digits(rest, 2, &at->second) && at->second <= 60;
    case 'Z':
        while (rest->bytes > 0 && (rest->at[0] | 0x20) >= 'a' && (rest->at[0] | 0x20) <= 'z') {
            *rest = str_slice(*rest, 1, rest->bytes);
        }
        return true;
    default:
        return false;
    }
}

static status parse_time(struct query_run *run, const struct value *input,
                         const struct value *argument, struct value *ret_value)
{
    struct time_parts at = {.year = 1970, .month = 1, .day = 1};
    struct str format = argument->str;
    struct str rest = input->str;
    bool reads = true;
    int64_t seconds;

    TRY(need_text(run, input, "strptime"));
    TRY(need_text(run, argument, "strptime"));
    for (size_t i = 0; reads && i < format.bytes; i++) {
        char letter = format.at[i];

        if (letter == '%' && i + 1 < format.bytes && strchr("TF", format.at[i + 1]) != NULL &&
            format.at[i + 1] != '\0') {
            bool day = format.at[++i] == 'F';

            for (const char *part = day ? "Y-m-d" : "H:M:S"; reads && *part != '\0'; part++) {
                reads = strchr("-:", *part) != NULL
                            ? rest.bytes > 0 && rest.at[0] == *part
                            : read_time(&rest, *part, &at);
                rest = strchr("-:", *part) != NULL ? str_slice(rest, 1, rest.bytes) : rest;
            }
        } else if (letter == '%') {
            reads = ++i < format.bytes && read_time(&rest, format.at[i], &at);
        } else {
            reads = rest.bytes > 0 && rest.at[0] == letter;
            rest = str_slice(rest, 1, rest.bytes);
        }
    }
    if (!reads || rest.bytes > 0) {
        return query_wrong(run, "the date does not match the format");
    }
    seconds = time_of_parts(&at) / MS_PER_SECOND;
    query_set_number(ret_value, (double)seconds);
    return OK;
}

static status to_date(struct query_run *run, const struct value *input,
                      const struct value *argument, struct value *ret_value)
{
    struct value format = {.kind = VALUE_STR, .str = STR("%Y-%m-%dT%H:%M:%SZ")};

    (void)argument;
    return format_time(run, input, &format, ret_value);
}

static status from_date(struct query_run *run, const struct value *input,
                        const struct value *argument, struct value *ret_value)
{
    struct value format = {.kind = VALUE_STR, .str = STR("%Y-%m-%dT%H:%M:%SZ")};

    (void)argument;
    return parse_time(run, input, &format, ret_value);
}

/* ---- by name ---- */

static const struct {
    const char *name;        /* as queries have it */
    size_t arguments;        /* how many it takes */
    status (*call)(struct query_run *run, const struct value *input,
                   const struct value *argument, struct value *ret_value);
} functions[] = {
    {"tostring", 0, to_text}, {"tonumber", 0, to_number}, {"ascii_downcase", 0, to_lower},
    {"ascii_upcase", 0, to_upper}, {"split", 1, split}, {"join", 1, join},
    {"ltrimstr", 1, trim_start}, {"rtrimstr", 1, trim_end}, {"startswith", 1, starts},
    {"endswith", 1, ends}, {"contains", 1, contains}, {"not", 0, negate}, {"type", 0, type},
    {"length", 0, length}, {"has", 1, has_key}, {"first", 0, first_item}, {"last", 0, last_item},
    {"empty", 0, empty}, {"floor", 0, round_down}, {"ceil", 0, round_up}, {"round", 0, round_near},
    {"strftime", 1, format_time}, {"strptime", 1, parse_time}, {"mktime", 0, same_time},
    {"gmtime", 0, same_time}, {"todate", 0, to_date}, {"fromdate", 0, from_date},
    {"todateiso8601", 0, to_date}, {"fromdateiso8601", 0, from_date},
};

int query_function(struct str name, size_t argument_count)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (str_eq(name, str_c(functions[i].name)) && functions[i].arguments == argument_count) {
            return (int)i;
        }
    }
    return -1;
}

status query_call(struct query_run *run, uint16_t function, const struct value *input,
                  const struct value *argument, struct value *ret_value)
{
    return functions[function].call(run, input, argument, ret_value);
}
