/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions of a bucket policy's statements. Source: "IAM JSON policy elements: Condition
 * operators" and "Amazon S3 condition keys", AWS documentation.
 *
 * Rules
 *  1. All operators and all their keys must hold; of a key's values one must (of a negated
 *     operator's: none may).
 *  2. A key that the request does not have fails what asks for a value, and passes what excludes
 *     one and what ends with IfExists.
 *  3. What weir does not know (an operator, a key) is said to be unknown: then what the caller of
 *     condition_holds() says is answered.
 */
#include "base/time.h"
#include "svc/s3/settings_int.h"

#include <arpa/inet.h>

/* ---- the request's values ---- */

enum having { HAVING_UNKNOWN, HAVING_NOT, HAVING };

static enum having text_given(struct str text, struct str *ret_value)
{
    if (text.bytes == 0) {
        return HAVING_NOT;
    }
    *ret_value = text;
    return HAVING;
}

static enum having header_given(struct call *c, const char *name, struct str *ret_value)
{
    return c->request == NULL ? HAVING_NOT
                              : text_given(http_header(c->request, str_c(name)), ret_value);
}

static enum having tag_given(const struct object *object, struct str key, struct str *ret_value)
{
    struct str tags = object == NULL ? STR_NONE : object->tags;
    struct str name;
    struct str value;

    while (pairs_next(&tags, &name, &value)) {
        if (str_eq(name, key)) {
            *ret_value = value;
            return HAVING;
        }
    }
    return HAVING_NOT;
}

/* Keys that are a member of the call's input. */
static enum having member_given(struct call *c, struct str key, struct str *ret_value)
{
    static const struct {
        struct str key;
        const char *member;
    } members[] = {
        {STR_INIT("s3:prefix"), "Prefix"},
        {STR_INIT("s3:delimiter"), "Delimiter"},
        {STR_INIT("s3:x-amz-acl"), "ACL"},
        {STR_INIT("s3:x-amz-storage-class"), "StorageClass"},
        {STR_INIT("s3:x-amz-server-side-encryption"), "ServerSideEncryption"},
        {STR_INIT("s3:x-amz-server-side-encryption-aws-kms-key-id"), "SSEKMSKeyId"},
        {STR_INIT("s3:x-amz-copy-source"), "CopySource"},
        {STR_INIT("s3:x-amz-website-redirect-location"), "WebsiteRedirectLocation"},
        {STR_INIT("s3:VersionId"), "VersionId"},
    };

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (str_eq_nocase(key, members[i].key)) {
            return text_given(c->in == NULL ? STR_NONE : arg_str_if(c, members[i].member),
                              ret_value);
        }
    }
    return HAVING_UNKNOWN;
}

static enum having caller_given(struct call *c, struct str key, struct str *ret_value)
{
    bool somebody = !str_eq(c->account, STR("anonymous"));

    if (str_eq_nocase(key, STR("aws:PrincipalAccount"))) {
        return text_given(somebody ? c->account : STR_NONE, ret_value);
    }
    if (str_eq_nocase(key, STR("aws:PrincipalArn"))) {
        return text_given(somebody ? c->principal : STR_NONE, ret_value);
    }
    if (str_eq_nocase(key, STR("aws:PrincipalType"))) {
        return text_given(somebody ? STR("Account") : STR("Anonymous"), ret_value);
    }
    return member_given(c, key, ret_value);
}

static enum having value_of(struct call *c, struct str key, const struct asking *asking,
                            struct str *ret_value)
{
    static const struct str tag = STR_INIT("s3:ExistingObjectTag/");

    if (str_eq_nocase(key, STR("aws:SourceIp"))) {
        return text_given(c->request == NULL ? STR_NONE : c->request->peer, ret_value);
    }
    if (str_eq_nocase(key, STR("aws:SecureTransport"))) {
        return text_given(c->request != NULL && c->request->tls ? STR("true") : STR("false"),
                          ret_value);
    }
    if (str_eq_nocase(key, STR("aws:Referer"))) {
        return header_given(c, "referer", ret_value);
    }
    if (str_eq_nocase(key, STR("aws:UserAgent"))) {
        return header_given(c, "user-agent", ret_value);
    }
    if (str_eq_nocase(key, STR("aws:CurrentTime"))) {
        return text_given(time_iso(c->arena, c->now), ret_value);
    }
    if (str_starts_nocase(key, tag)) {
        return tag_given(asking->object, str_slice(key, tag.bytes, key.bytes), ret_value);
    }
    return caller_given(c, key, ret_value);
}

/* ---- comparing ---- */

/* An address as 16 bytes; IPv4 as IPv6 maps it. */
static bool address_read(struct call *c, struct str text, uint8_t ret_address[16], int *ret_bits)
{
    struct str at = arena_dup(c->arena, str_slice(text, 0, 64)); /* with its zero */

    memset(ret_address, 0, 16);
    if (inet_pton(AF_INET6, at.at, ret_address) == 1) {
        *ret_bits = 128;
        return true;
    }
    ret_address[10] = ret_address[11] = 0xff;
    *ret_bits = 32;
    return inet_pton(AF_INET, at.at, &ret_address[12]) == 1;
}

static bool address_in(struct call *c, struct str address, struct str range)
{
    uint8_t is[16];
    uint8_t of[16];
    int bits;
    size_t slash = str_find(range, '/', 0);
    uint64_t prefix = UINT64_MAX;

    if (!address_read(c, address, is, &bits) ||
        !address_read(c, str_slice(range, 0, slash), of, &bits)) {
        return false;
    }
    if (slash < range.bytes && !str_to_u64(str_slice(range, slash + 1, range.bytes), &prefix)) {
        return false;
    }
    prefix = prefix > (uint64_t)bits ? 128 : prefix + (uint64_t)(128 - bits);
    for (size_t i = 0; i < prefix; i++) {
        if (((is[i / 8] ^ of[i / 8]) >> (7 - i % 8)) & 1) {
            return false;
        }
    }
    return true;
}

static bool texts_equal(struct call *c, struct str is, struct str wanted)
{
    (void)c;
    return str_eq(is, wanted);
}

static bool texts_equal_nocase(struct call *c, struct str is, struct str wanted)
{
    (void)c;
    return str_eq_nocase(is, wanted);
}

static bool texts_like(struct call *c, struct str is, struct str wanted)
{
    (void)c;
    return text_like(wanted, is, true);
}

/* How a moment stands to another: -1, 0, 1; 2 where one is none. */
static int moments_compare(struct str is, struct str wanted)
{
    int64_t one;
    int64_t other;

    if (!time_from_iso(is, &one) ||
        (!time_from_iso(wanted, &other) && !time_from_epoch_seconds(wanted, &other))) {
        return 2;
    }
    return (one > other) - (one < other);
}

static bool moment_before(struct call *c, struct str is, struct str wanted)
{
    (void)c;
    return moments_compare(is, wanted) == -1;
}

static bool moment_after(struct call *c, struct str is, struct str wanted)
{
    (void)c;
    return moments_compare(is, wanted) == 1;
}

static const struct operator {
    struct str name;
    bool (*fits)(struct call *c, struct str is, struct str wanted);
    bool negated;
} operators[] = {
    {STR_INIT("StringEquals"), texts_equal, false},
    {STR_INIT("StringNotEquals"), texts_equal, true},
    {STR_INIT("StringEqualsIgnoreCase"), texts_equal_nocase, false},
    {STR_INIT("StringNotEqualsIgnoreCase"), texts_equal_nocase, true},
    {STR_INIT("StringLike"), texts_like, false},
    {STR_INIT("StringNotLike"), texts_like, true},
    {STR_INIT("ArnEquals"), texts_like, false},
    {STR_INIT("ArnNotEquals"), texts_like, true},
    {STR_INIT("ArnLike"), texts_like, false},
    {STR_INIT("ArnNotLike"), texts_like, true},
    {STR_INIT("Bool"), texts_equal_nocase, false},
    {STR_INIT("IpAddress"), address_in, false},
    {STR_INIT("NotIpAddress"), address_in, true},
    {STR_INIT("DateLessThan"), moment_before, false},
    {STR_INIT("DateGreaterThan"), moment_after, false},
    {STR_INIT("DateLessThanEquals"), moment_after, true},
    {STR_INIT("DateGreaterThanEquals"), moment_before, true},
};

static struct str wanted_text(const struct value *value)
{
    if (value->kind == VALUE_BOOL) {
        return value->truth ? STR("true") : STR("false");
    }
    return value->kind == VALUE_STR ? value->str : STR_NONE;
}

static bool any_fits(struct call *c, const struct operator *operator, struct str is,
                     const struct value *wanted)
{
    if (wanted->kind != VALUE_LIST) {
        return operator->fits(c, is, wanted_text(wanted));
    }
    for (uint32_t i = 0; i < wanted->count; i++) {
        if (operator->fits(c, is, wanted_text(&wanted->items[i]))) {
            return true;
        }
    }
    return false;
}

/* One operator and its keys. */
struct test {
    const struct operator *operator; /* NULL: Null, or not known */
    bool null;                       /* the operator Null */
    bool if_exists;                  /* …IfExists */
};

static struct test test_of(struct str name)
{
    struct test test = {.null = str_eq(name, STR("Null"))};

    if (str_ends(name, STR("IfExists"))) {
        test.if_exists = true;
        name = str_slice(name, 0, name.bytes - 8);
    }
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (str_eq(name, operators[i].name)) {
            test.operator = &operators[i];
        }
    }
    return test;
}

static bool key_holds(struct call *c, const struct test *test, const struct pair *pair,
                      const struct asking *asking, bool unknown)
{
    struct str is;
    enum having having = value_of(c, pair->key, asking, &is);

    if (having == HAVING_UNKNOWN) {
        return unknown;
    }
    if (test->null) {
        return str_eq(wanted_text(&pair->value), STR("true")) == (having == HAVING_NOT);
    }
    if (having == HAVING_NOT) {
        return test->if_exists || test->operator->negated;
    }
    return any_fits(c, test->operator, is, &pair->value) != test->operator->negated;
}

bool condition_holds(struct call *c, const struct value *condition, const struct asking *asking,
                     bool unknown)
{
    if (condition->kind != VALUE_MAP) {
        return unknown;
    }
    for (uint32_t i = 0; i < condition->count; i++) {
        const struct value *keys = &condition->pairs[i].value;
        struct test test = test_of(condition->pairs[i].key);

        if ((test.operator == NULL && !test.null) || keys->kind != VALUE_MAP) {
            if (!unknown) {
                return false;
            }
            continue;
        }
        for (uint32_t k = 0; k < keys->count; k++) {
            if (!key_holds(c, &test, &keys->pairs[k], asking, unknown)) {
                return false;
            }
        }
    }
    return true;
}
