/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions. Source: "IAM JSON policy elements: Condition operators" and "Multivalued context
 * keys", IAM user guide.
 *
 * Rules
 *  1. All operators and all their keys must hold; of a key's values in the document one must fit,
 *     of a negated operator's none may.
 *  2. A key that the request does not have fails what asks for a value and passes what excludes
 *     one, what ends with IfExists, and ForAllValues.
 *  3. A key with several values in the request: ForAllValues wants each of them to pass,
 *     ForAnyValue one of them. Without either one must fit, or none when negated.
 *  4. What cannot be compared (a number that is none) does not fit.
 */
#include "cell/policy_int.h"

#include "base/codec.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <assert.h>

#define ADDRESS_BYTES_MAX 64
#define BINARY_BYTES_MAX 4096

/* ---- comparing ---- */

static bool equal(struct str is, struct str wanted)
{
    return str_eq(is, wanted);
}

static bool equal_nocase(struct str is, struct str wanted)
{
    return str_eq_nocase(is, wanted);
}

static bool like(struct str is, struct str wanted)
{
    return policy_marked_like(wanted, is, false);
}

static bool arn_like(struct str is, struct str wanted)
{
    return policy_marked_arn_like(wanted, is);
}

static bool equal_binary(struct str is, struct str wanted)
{
    char one[BINARY_BYTES_MAX];
    char other[BINARY_BYTES_MAX];
    size_t one_bytes;
    size_t other_bytes;

    return is.bytes <= BINARY_BYTES_MAX && wanted.bytes <= BINARY_BYTES_MAX &&
           base64_decode(is, one, &one_bytes) && base64_decode(wanted, other, &other_bytes) &&
           str_eq(str_of(one, one_bytes), str_of(other, other_bytes));
}

/* How one stands to the other: -1, 0, 1; 2 where one of them is none. */
static int order(double one, double other)
{
    return one < other ? -1 : one > other;
}

static int numbers(struct str is, struct str wanted)
{
    double one;
    double other;

    if (!str_to_double(is, &one) || !str_to_double(wanted, &other) || one != one ||
        other != other) {
        return 2;
    }
    return order(one, other);
}

static bool moment_read(struct str text, int64_t *ret_ms)
{
    return time_from_iso(text, ret_ms) || time_from_epoch_seconds(text, ret_ms);
}

static int moments(struct str is, struct str wanted)
{
    int64_t one;
    int64_t other;

    if (!moment_read(is, &one) || !moment_read(wanted, &other)) {
        return 2;
    }
    return one < other ? -1 : one > other;
}

static bool number_equal(struct str is, struct str wanted)
{
    return numbers(is, wanted) == 0;
}

static bool number_less(struct str is, struct str wanted)
{
    return numbers(is, wanted) == -1;
}

static bool number_less_equal(struct str is, struct str wanted)
{
    return numbers(is, wanted) <= 0;
}

static bool number_greater(struct str is, struct str wanted)
{
    return numbers(is, wanted) == 1;
}

static bool number_greater_equal(struct str is, struct str wanted)
{
    int how = numbers(is, wanted);

    return how == 0 || how == 1;
}

static bool moment_equal(struct str is, struct str wanted)
{
    return moments(is, wanted) == 0;
}

static bool moment_less(struct str is, struct str wanted)
{
    return moments(is, wanted) == -1;
}

static bool moment_less_equal(struct str is, struct str wanted)
{
    return moments(is, wanted) <= 0;
}

static bool moment_greater(struct str is, struct str wanted)
{
    return moments(is, wanted) == 1;
}

static bool moment_greater_equal(struct str is, struct str wanted)
{
    int how = moments(is, wanted);

    return how == 0 || how == 1;
}

/* An address as 16 bytes, IPv4 as IPv6 maps it; bits: of those that the text can mask. */
static bool address_read(struct str text, uint8_t ret_address[16], unsigned *ret_bits)
{
    char zero_ended[ADDRESS_BYTES_MAX + 1];

    if (text.bytes == 0 || text.bytes > ADDRESS_BYTES_MAX) {
        return false;
    }
    memcpy(zero_ended, text.at, text.bytes);
    zero_ended[text.bytes] = '\0';
    memset(ret_address, 0, 16);
    *ret_bits = 128;
    if (inet_pton(AF_INET6, zero_ended, ret_address) == 1) {
        return true;
    }
    memset(ret_address, 0, 16);
    ret_address[10] = ret_address[11] = 0xff;
    *ret_bits = 32;
    return inet_pton(AF_INET, zero_ended, &ret_address[12]) == 1;
}

static bool address_in(struct str is, struct str range)
{
    uint8_t address[16];
    uint8_t network[16];
    unsigned bits;
    size_t slash = str_find(range, '/', 0);
    uint64_t prefix;

    if (!address_read(is, address, &bits) ||
        !address_read(str_slice(range, 0, slash), network, &bits)) {
        return false;
    }
    prefix = bits;
    if (slash < range.bytes &&
        (!str_to_u64(str_slice(range, slash + 1, range.bytes), &prefix) || prefix > bits)) {
        return false;
    }
    prefix += 128 - bits;
    for (size_t i = 0; i < prefix; i++) {
        if (((address[i / 8] ^ network[i / 8]) >> (7 - i % 8)) & 1) {
            return false;
        }
    }
    return true;
}

/* ---- operators ---- */

#define PLAIN false, false, false
#define TEXT false, false, true
#define TEXT_NOT true, false, true
#define WILD false, true, true
#define WILD_NOT true, true, true
#define NOT true, false, false

static const struct policy_operator operators[] = {
    {STR_INIT("StringEquals"), equal, TEXT},
    {STR_INIT("StringNotEquals"), equal, TEXT_NOT},
    {STR_INIT("StringEqualsIgnoreCase"), equal_nocase, TEXT},
    {STR_INIT("StringNotEqualsIgnoreCase"), equal_nocase, TEXT_NOT},
    {STR_INIT("StringLike"), like, WILD},
    {STR_INIT("StringNotLike"), like, WILD_NOT},
    {STR_INIT("NumericEquals"), number_equal, PLAIN},
    {STR_INIT("NumericNotEquals"), number_equal, NOT},
    {STR_INIT("NumericLessThan"), number_less, PLAIN},
    {STR_INIT("NumericLessThanEquals"), number_less_equal, PLAIN},
    {STR_INIT("NumericGreaterThan"), number_greater, PLAIN},
    {STR_INIT("NumericGreaterThanEquals"), number_greater_equal, PLAIN},
    {STR_INIT("DateEquals"), moment_equal, PLAIN},
    {STR_INIT("DateNotEquals"), moment_equal, NOT},
    {STR_INIT("DateLessThan"), moment_less, PLAIN},
    {STR_INIT("DateLessThanEquals"), moment_less_equal, PLAIN},
    {STR_INIT("DateGreaterThan"), moment_greater, PLAIN},
    {STR_INIT("DateGreaterThanEquals"), moment_greater_equal, PLAIN},
    {STR_INIT("Bool"), equal_nocase, PLAIN},
    {STR_INIT("BinaryEquals"), equal_binary, PLAIN},
    {STR_INIT("IpAddress"), address_in, PLAIN},
    {STR_INIT("NotIpAddress"), address_in, NOT},
    {STR_INIT("ArnEquals"), arn_like, WILD},
    {STR_INIT("ArnLike"), arn_like, WILD},
    {STR_INIT("ArnNotEquals"), arn_like, WILD_NOT},
    {STR_INIT("ArnNotLike"), arn_like, WILD_NOT},
    {STR_INIT("Null"), NULL, PLAIN},
};

const struct policy_operator *policy_operator_of(struct str name,
                                                 enum policy_quantifier *ret_quantifier,
                                                 bool *ret_if_exists)
{
    static const struct str all = STR_INIT("ForAllValues:");
    static const struct str any = STR_INIT("ForAnyValue:");
    static const struct str if_exists = STR_INIT("IfExists");

    *ret_quantifier = QUANTIFIER_NONE;
    *ret_if_exists = str_ends(name, if_exists);
    if (str_starts_nocase(name, all)) {
        *ret_quantifier = FOR_ALL_VALUES;
        name = str_slice(name, all.bytes, name.bytes);
    } else if (str_starts_nocase(name, any)) {
        *ret_quantifier = FOR_ANY_VALUE;
        name = str_slice(name, any.bytes, name.bytes);
    }
    if (*ret_if_exists) {
        name = str_slice(name, 0, name.bytes - if_exists.bytes);
    }
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (str_eq_nocase(name, operators[i].name)) {
            return operators[i].fits == NULL && *ret_if_exists ? NULL : &operators[i];
        }
    }
    return NULL;
}

/* ---- holding ---- */

static bool any_fits(const struct policy_test *test, const struct policy_request *request,
                     struct str is)
{
    char room[EXPANDED_BYTES_MAX];
    struct str wanted;

    for (uint32_t i = 0; i < test->value_count; i++) {
        if (policy_pattern_expand(&test->values[i], request, room, &wanted) &&
            test->operator->fits(is, wanted)) {
            return true;
        }
    }
    return false;
}

static bool missing_holds(const struct policy_test *test)
{
    if (test->if_exists || test->quantifier == FOR_ALL_VALUES) {
        return true;
    }
    return test->quantifier != FOR_ANY_VALUE && test->operator->negated;
}

/* Rule 3. */
static bool values_hold(const struct policy_test *test, const struct policy_request *request,
                        const struct policy_values *values)
{
    bool negated = test->operator->negated;
    bool each = test->quantifier == FOR_ALL_VALUES ||
                (test->quantifier == QUANTIFIER_NONE && negated);

    for (size_t i = 0; i < values->count; i++) {
        bool passes = any_fits(test, request, values->values[i]) != negated;

        if (passes != each) {
            return passes;
        }
    }
    return each;
}

static bool null_holds(const struct policy_test *test, bool found)
{
    for (uint32_t i = 0; i < test->value_count; i++) {
        if (str_eq_nocase(test->values[i].text, found ? STR("false") : STR("true"))) {
            return true;
        }
    }
    return false;
}

bool policy_conditions_hold(const struct policy_statement *statement,
                            const struct policy_request *request,
                            struct policy_listener *listener)
{
    bool hold = true;

    for (uint32_t i = 0; i < statement->test_count && (hold || listener != NULL); i++) {
        const struct policy_test *test = &statement->tests[i];
        struct policy_values values;
        bool found = policy_key_find(request, test->key, &values);

        if (test->operator->fits == NULL) {
            hold = null_holds(test, found) && hold;
            continue;
        }
        if (!found && listener != NULL && listener->missing != NULL) {
            listener->missing(listener, test->key);
        }
        hold = (found ? values_hold(test, request, &values) : missing_holds(test)) && hold;
    }
    return hold;
}
