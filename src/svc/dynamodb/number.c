/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers.
 *
 * Rules
 *  1. Every struct number made here is canonical: no zero at either end, zero has sign 0.
 *  2. A text may be as long as a request. Only digits between the first and the last that are not
 *     zero count; positions are int64 so that no length and no exponent overflows.
 *  3. Range is judged before precision, as AWS does.
 */
#include "svc/dynamodb/number.h"

#include "svc/dynamodb/errors.h"

#include <assert.h>

#define MARK_NEGATIVE 0x3f
#define MARK_ZERO 0x80
#define MARK_POSITIVE 0xc0
#define NEGATIVE_END 0xff
#define JAVA_EXPONENT_MAX INT64_C(2147483647)
/* Positions of a sum: from a carry above 10^125 to the last digit of the smallest number. */
#define SUM_DIGITS_MAX (NUMBER_EXPONENT_MAX + 1 - NUMBER_EXPONENT_MIN + NUMBER_DIGITS_MAX + 1)

static status unreadable(struct str text, struct why *why)
{
    if (text.bytes == 0) {
        return why_set(why, &DDB_VALIDATION,
                       "The parameter cannot be converted to a numeric value");
    }
    return why_set(why, &DDB_VALIDATION,
                   "The parameter cannot be converted to a numeric value: %.*s", STR_ARG(text));
}

static status too_large(struct why *why)
{
    return why_set(why, &DDB_VALIDATION, "Number overflow. Attempting to store a number with "
                                         "magnitude larger than supported range");
}

static status too_small(struct why *why)
{
    return why_set(why, &DDB_VALIDATION, "Number underflow. Attempting to store a number with "
                                         "magnitude smaller than supported range");
}

static status too_precise(struct why *why)
{
    return why_set(why, &DDB_VALIDATION,
                   "Attempting to store more than 38 significant digits in a Number");
}

static status in_range(int64_t exponent, int64_t count, struct why *why)
{
    if (exponent > NUMBER_EXPONENT_MAX) {
        return too_large(why);
    }
    if (exponent < NUMBER_EXPONENT_MIN) {
        return too_small(why);
    }
    return count > NUMBER_DIGITS_MAX ? too_precise(why) : OK;
}

/* ---- reading text ---- */

/* Where the mantissa's digits are. */
struct mantissa {
    int64_t whole;   /* digits before the point */
    int64_t digits;  /* digits in all */
    int64_t first;   /* which of them is the first that is not 0; -1: none */
    int64_t last;    /* which is the last */
    size_t end;      /* offset behind it in the text */
};

static struct mantissa mantissa_of(struct str text, size_t at)
{
    struct mantissa m = {.whole = -1, .first = -1};

    for (; at < text.bytes; at++) {
        char c = text.at[at];

        if (c == '.' && m.whole < 0) {
            m.whole = m.digits;
            continue;
        }
        if (c < '0' || c > '9') {
            break;
        }
        if (c != '0') {
            m.first = m.first < 0 ? m.digits : m.first;
            m.last = m.digits;
        }
        m.digits++;
    }
    m.whole = m.whole < 0 ? m.digits : m.whole;
    m.end = at;
    return m;
}

/* What follows the mantissa: nothing, or an exponent. */
static bool exponent_of(struct str rest, int64_t *ret_exponent)
{
    int64_t exponent = 0;
    size_t at = 1;
    bool minus = false;

    if (rest.bytes == 0) {
        *ret_exponent = 0;
        return true;
    }
    if (rest.at[0] != 'e' && rest.at[0] != 'E') {
        return false;
    }
    if (at < rest.bytes && (rest.at[at] == '-' || rest.at[at] == '+')) {
        minus = rest.at[at++] == '-';
    }
    if (at == rest.bytes) {
        return false;
    }
    for (; at < rest.bytes; at++) {
        if (rest.at[at] < '0' || rest.at[at] > '9') {
            return false;
        }
        exponent = exponent * 10 + (rest.at[at] - '0');
        if (exponent > JAVA_EXPONENT_MAX) {
            return false;
        }
    }
    *ret_exponent = minus ? -exponent : exponent;
    return true;
}

static void digits_copy(struct str text, size_t start, const struct mantissa *m,
                        struct number *number)
{
    int64_t digit = 0;

    for (size_t at = start; digit <= m->last; at++) {
        if (text.at[at] == '.') {
            continue;
        }
        if (digit >= m->first) {
            number->digits[digit - m->first] = (uint8_t)(text.at[at] - '0');
        }
        digit++;
    }
}

status number_parse(struct str text, struct why *why, struct number *ret_number)
{
    size_t start = text.bytes > 0 && (text.at[0] == '-' || text.at[0] == '+') ? 1 : 0;
    struct mantissa m = mantissa_of(text, start);
    struct number number = {0};
    int64_t exponent = 0;

    if (m.digits == 0 || !exponent_of(str_slice(text, m.end, text.bytes), &exponent)) {
        return unreadable(text, why);
    }
    if (m.first >= 0) {
        exponent += m.whole - 1 - m.first;
        TRY(in_range(exponent, m.last - m.first + 1, why));
        number.sign = text.at[0] == '-' ? -1 : 1;
        number.count = (uint8_t)(m.last - m.first + 1);
        number.exponent = (int16_t)exponent;
        digits_copy(text, start, &m, &number);
    }
    *ret_number = number;
    return OK;
}

void number_of_u64(uint64_t plain, struct number *ret_number)
{
    struct number number = {0};
    uint8_t digits[20];
    int count = 0;
    int zeros = 0;

    for (uint64_t left = plain; left > 0; left /= 10) {
        digits[count++] = (uint8_t)(left % 10);
    }
    while (zeros < count && digits[zeros] == 0) {
        zeros++;
    }
    if (count > 0) {
        number.sign = 1;
        number.exponent = (int16_t)(count - 1);
        number.count = (uint8_t)(count - zeros);
        for (int i = 0; i < count - zeros; i++) {
            number.digits[i] = digits[count - 1 - i];
        }
    }
    *ret_number = number;
}

/* ---- writing text ---- */

static char *zeros_put(char *to, int count)
{
    for (int i = 0; i < count; i++) {
        *to++ = '0';
    }
    return to;
}

size_t number_text(const struct number *number, char out[NUMBER_TEXT_BYTES_MAX])
{
    char *to = out;

    if (number->sign == 0) {
        *to = '0';
        return 1;
    }
    if (number->sign < 0) {
        *to++ = '-';
    }
    if (number->exponent < 0) {
        *to++ = '0';
        *to++ = '.';
        to = zeros_put(to, -number->exponent - 1);
    }
    for (int i = 0; i < number->count; i++) {
        if (i > 0 && i == number->exponent + 1) {
            *to++ = '.';
        }
        *to++ = (char)('0' + number->digits[i]);
    }
    to = zeros_put(to, number->exponent + 1 - number->count);
    assert(to - out <= NUMBER_TEXT_BYTES_MAX);
    return (size_t)(to - out);
}

/* ---- packed ---- */

size_t number_pack(const struct number *number, char out[NUMBER_PACKED_BYTES_MAX])
{
    uint8_t flip = number->sign < 0 ? 0xff : 0;
    size_t bytes = 2;

    if (number->sign == 0) {
        out[0] = (char)MARK_ZERO;
        return 1;
    }
    out[0] = (char)(MARK_POSITIVE ^ flip);
    out[1] = (char)((number->exponent - NUMBER_EXPONENT_MIN) ^ flip);
    for (int i = 0; i < number->count; i += 2) {
        int second = i + 1 < number->count ? number->digits[i + 1] : 0;

        out[bytes++] = (char)((number->digits[i] * 10 + second + 1) ^ flip);
    }
    if (flip != 0) {
        out[bytes++] = (char)NEGATIVE_END;
    }
    return bytes;
}

/* The digit pairs; false on a byte that is none, a zero at an end, or too many. */
static bool pairs_unpack(struct str pairs, uint8_t flip, struct number *number)
{
    if (pairs.bytes == 0 || pairs.bytes > NUMBER_DIGITS_MAX / 2) {
        return false;
    }
    for (size_t i = 0; i < pairs.bytes; i++) {
        int pair = ((uint8_t)pairs.at[i] ^ flip) - 1;

        if (pair < 0 || pair > 99) {
            return false;
        }
        number->digits[2 * i] = (uint8_t)(pair / 10);
        number->digits[2 * i + 1] = (uint8_t)(pair % 10);
    }
    number->count = (uint8_t)(2 * pairs.bytes);
    if (number->digits[number->count - 1] == 0) {
        number->count--;
    }
    return number->digits[0] != 0 && number->digits[number->count - 1] != 0;
}

bool number_unpack(struct str packed, struct number *ret_number)
{
    struct number number = {0};
    uint8_t mark = packed.bytes > 0 ? (uint8_t)packed.at[0] : 0;
    uint8_t flip = mark == MARK_NEGATIVE ? 0xff : 0;
    size_t end = packed.bytes;

    if (mark == MARK_ZERO && packed.bytes == 1) {
        *ret_number = number;
        return true;
    }
    if ((mark != MARK_POSITIVE && mark != MARK_NEGATIVE) || packed.bytes < 3) {
        return false;
    }
    if (flip != 0 && (uint8_t)packed.at[--end] != NEGATIVE_END) {
        return false;
    }
    number.sign = flip != 0 ? -1 : 1;
    number.exponent = (int16_t)(((uint8_t)packed.at[1] ^ flip) + NUMBER_EXPONENT_MIN);
    if (!pairs_unpack(str_slice(packed, 2, end), flip, &number)) {
        return false;
    }
    *ret_number = number;
    return true;
}

/* ---- arithmetic ---- */

static int magnitude_cmp(const struct number *a, const struct number *b)
{
    if (a->exponent != b->exponent) {
        return a->exponent < b->exponent ? -1 : 1;
    }
    for (int i = 0; i < a->count || i < b->count; i++) {
        int x = i < a->count ? a->digits[i] : 0;
        int y = i < b->count ? b->digits[i] : 0;

        if (x != y) {
            return x < y ? -1 : 1;
        }
    }
    return 0;
}

int number_cmp(const struct number *a, const struct number *b)
{
    if (a->sign != b->sign) {
        return a->sign < b->sign ? -1 : 1;
    }
    return a->sign < 0 ? -magnitude_cmp(a, b) : magnitude_cmp(a, b);
}

/* Adds times (1 or -1) times the digits of number to cells, where cells[0] is 10^top. */
static void cells_add(int8_t *cells, int top, const struct number *number, int times)
{
    for (int i = 0; i < number->count; i++) {
        int at = top - number->exponent + i;

        cells[at] = (int8_t)(cells[at] + times * number->digits[i]);
    }
}

/* Makes cells digits again and the number from them. */
static status cells_done(int8_t *cells, int count, int top, struct why *why,
                         struct number *number)
{
    int first = 0;
    int last = count - 1;

    for (int i = count - 1; i > 0; i--) {
        int carry = cells[i] < 0 ? -1 : cells[i] / 10;

        cells[i] = (int8_t)(cells[i] - 10 * carry);
        cells[i - 1] = (int8_t)(cells[i - 1] + carry);
    }
    while (first < count && cells[first] == 0) {
        first++;
    }
    if (first == count) {
        *number = (struct number){0};
        return OK;
    }
    while (cells[last] == 0) {
        last--;
    }
    TRY(in_range(top - first, last - first + 1, why));
    number->exponent = (int16_t)(top - first);
    number->count = (uint8_t)(last - first + 1);
    for (int i = first; i <= last; i++) {
        number->digits[i - first] = (uint8_t)cells[i];
    }
    return OK;
}

static int exponent_last(const struct number *number)
{
    return number->exponent - number->count + 1;
}

status number_add(const struct number *a, const struct number *b, struct why *why,
                  struct number *ret_sum)
{
    int8_t cells[SUM_DIGITS_MAX] = {0};
    struct number sum = {0};
    int top;
    int low;

    if (a->sign == 0 || b->sign == 0) {
        *ret_sum = a->sign == 0 ? *b : *a;
        return OK;
    }
    if (magnitude_cmp(a, b) < 0) {
        const struct number *swap = a;

        a = b;
        b = swap;
    }
    top = a->exponent + 1;
    low = exponent_last(a) < exponent_last(b) ? exponent_last(a) : exponent_last(b);
    assert(top - low < SUM_DIGITS_MAX);
    sum.sign = a->sign;
    cells_add(cells, top, a, 1);
    cells_add(cells, top, b, a->sign == b->sign ? 1 : -1);
    TRY(cells_done(cells, top - low + 1, top, why, &sum));
    *ret_sum = sum;
    return OK;
}

status number_subtract(const struct number *a, const struct number *b, struct why *why,
                       struct number *ret_difference)
{
    struct number minus = *b;

    minus.sign = (int8_t)-b->sign;
    return number_add(a, &minus, why, ret_difference);
}

size_t number_bytes(const struct number *number)
{
    size_t bytes = 1 + ((size_t)number->count + 1) / 2;

    if (number->sign == 0) {
        return 1;
    }
    /* pairs are counted from the point: an even count that begins within a pair needs one more */
    bytes += number->count % 2 == 0 && number->exponent % 2 == 0;
    return bytes + (number->sign < 0);
}
