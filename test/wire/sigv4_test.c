/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that signatures are AWS's: the inputs and results that AWS publishes for Signature Version
 * 4, requests signed by botocore, and every way to be wrong with the sentence that AWS has for it.
 */
#include "signed.h"

#define SECRET STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
#define MOMENT "20150830T123600Z"
#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* Reads and checks at a moment: "ok", "none", or "code: sentence". */
static const char *verdict_at(const struct sent *sent, struct str secret, const char *moment)
{
    struct http_request request = request_of(sent);
    struct sigv4 sigv4;
    status s = sigv4_read(&request, arena, &why, &sigv4);

    if (s == OK && !sigv4.present) {
        return "none";
    }
    if (s == OK) {
        s = sigv4_check(&sigv4, &request, secret, moment_of(moment), keys, arena, &why, NULL);
    }
    return s == OK ? "ok" : arena_printf(arena, "%s: %s", s->code, why.text).at;
}

static const char *verdict(const struct sent *sent)
{
    return verdict_at(sent, SECRET, MOMENT);
}

/* ---- AWS's examples ---- */

#define HOST "host:example.amazonaws.com\n"
#define DATE "x-amz-date:" MOMENT
#define AUTH_OF(service, signed, signature)                                                        \
    "\nauthorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/" service          \
    "/aws4_request, SignedHeaders=" signed ", Signature=" signature
#define AUTH(signed, signature) AUTH_OF("service", signed, signature)
#define TOKEN                                                                                      \
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSP" \
    "fIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT" \
    "7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlz" \
    "m8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
#define VANILLA "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"

static const struct sent published[] = {
    {"GET", "/", HOST DATE AUTH("host;x-amz-date", VANILLA), NULL},
    {"GET", "", HOST DATE AUTH("host;x-amz-date", VANILLA), NULL},
    {"GET", "/./", HOST DATE AUTH("host;x-amz-date", VANILLA), NULL},
    {"GET", "/example/..", HOST DATE AUTH("host;x-amz-date", VANILLA), NULL},
    {"GET", "/example1/example2/../..", HOST DATE AUTH("host;x-amz-date", VANILLA), NULL},
    {"GET", "/../..", HOST DATE AUTH("host;x-amz-date", VANILLA), NULL},
    {"GET", "//example//",
     HOST DATE AUTH("host;x-amz-date",
                    "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
     NULL},
    {"GET", "/./example",
     HOST DATE AUTH("host;x-amz-date",
                    "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
     NULL},
    {"GET", "/example space/",
     HOST DATE AUTH("host;x-amz-date",
                    "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
     NULL},
    {"GET", "/\xe1\x88\xb4",
     HOST DATE AUTH("host;x-amz-date",
                    "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
     NULL},
    {"GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
     HOST DATE AUTH("host;x-amz-date",
                    "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
     NULL},
    {"GET", "/?Param2=value2&Param1=value1",
     HOST DATE AUTH("host;x-amz-date",
                    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
     NULL},
    {"GET", "/?Param1=value2&Param1=value1",
     HOST DATE AUTH("host;x-amz-date",
                    "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"),
     NULL},
    {"GET", "/?\xe1\x88\xb4=bar",
     HOST DATE AUTH("host;x-amz-date",
                    "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
     NULL},
    {"POST", "/",
     HOST DATE AUTH("host;x-amz-date",
                    "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
     NULL},
    {"POST", "/?Param1=value1",
     HOST DATE AUTH("host;x-amz-date",
                    "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
     NULL},
    {"GET", "/",
     HOST "my-header1:value2\nmy-header1:value2\nmy-header1:value1\n" DATE AUTH(
         "host;my-header1;x-amz-date",
         "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
     NULL},
    {"GET", "/",
     DATE "\nmy-header1:value4\nmy-header1:value1\nhost:example.amazonaws.com\n"
          "my-header1:value3\nmy-header1:value2" AUTH(
              "host;my-header1;x-amz-date",
              "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"),
     NULL},
    {"GET", "/",
     HOST "my-header1: value1\nmy-header2: \"a   b   c\"\n" DATE AUTH(
         "host;my-header1;my-header2;x-amz-date",
         "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
     NULL},
    {"POST", "/",
     HOST "my-header1:value1\n" DATE AUTH(
         "host;my-header1;x-amz-date",
         "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
     NULL},
    {"POST", "/",
     "content-type:application/x-www-form-urlencoded\n" HOST DATE AUTH(
         "content-type;host;x-amz-date",
         "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
     "Param1=value1"},
    {"POST", "/",
     HOST DATE "\nx-amz-security-token:" TOKEN AUTH(
         "host;x-amz-date;x-amz-security-token",
         "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"),
     NULL},
};

static void accepts_the_published_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
        if (strcmp(verdict(&published[i]), "ok") != 0) {
            fail_msg("%s %s: %s", published[i].method, published[i].target, verdict(&published[i]));
        }
    }
}

#define BOTO_QUERY                                                                                 \
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2F"
#define BOTO_S3_URL                                                                                \
    "/test.txt?versionId=a%2Fb&" BOTO_QUERY "s3%2Faws4_request&X-Amz-Date=" MOMENT                 \
    "&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Security-Token=TOKEN%2F%2B%3D"            \
    "&X-Amz-Signature=b013cb2e6355b0bfd84ca54bb6572231f50fd7e1f8a03c02be71ecb3b1119726"
#define BOTO_STS_URL                                                                               \
    "/?Action=GetCallerIdentity&Version=2011-06-15&" BOTO_QUERY                                    \
    "sts%2Faws4_request&X-Amz-Date=" MOMENT "&X-Amz-Expires=60&X-Amz-SignedHeaders="               \
    "host%3Bx-k8s-aws-id&X-Amz-Signature="                                                         \
    "4962b201cd6e5fd13bf7010f301d1df8ae61445a6996ded55a03635a2866a5c3"

static const struct sent boto_s3_url = {"GET", BOTO_S3_URL,
                                        "host:examplebucket.s3.amazonaws.com", NULL};
static const struct sent boto_sts_url = {
    "GET", BOTO_STS_URL, "host:sts.amazonaws.com\nx-k8s-aws-id:cluster", NULL};

/* Signed by botocore 1.44.5's signers. */
static void accepts_what_botocore_signed(void **state)
{
    static const struct sent examples[] = {
        {"POST", "/",
         "host:127.0.0.1:4566\ncontent-type:application/x-amz-json-1.1\n"
         "x-amz-target:Kinesis_20131202.PutRecord\n" DATE AUTH_OF(
             "kinesis", "content-type;host;x-amz-date;x-amz-target",
             "094f0ab940450cb8c24d358c64d6cceff82b98e9971d90c5448f479e4cbbbdb9"),
         "{\"StreamName\":\"doors\"}"},
        {"GET",
         "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/"
         "policy?Qualifier=a%20b&Marker=x%2By",
         "host:127.0.0.1:4566\n" DATE AUTH_OF(
             "lambda", "host;x-amz-date",
             "f492be077e4add085691ccda910be3f203274aa7939cdbe27c0b752d04b98e41"),
         NULL},
        {"GET", "//a/./b/../c%20d/?b=&a=2&a=1&c",
         "host:example.com\n" DATE AUTH_OF(
             "execute-api", "host;x-amz-date",
             "e45d28044ef5bff4d83d0a8e288e1e19a20d668a4f3d81b9a57db67abf757f50"),
         NULL},
        {"GET", "/bucket//a/../b%20c/%E1%88%B4%2B~?list-type=2&prefix=a%2Fb",
         "host:127.0.0.1:4566\nx-amz-content-sha256:" EMPTY_HASH "\n" DATE AUTH_OF(
             "s3", "host;x-amz-content-sha256;x-amz-date",
             "f3adde950c8474466ed21b4b509c9f54e45a98e374c5645bc0090dba4dba2c06"),
         NULL},
        {"PUT", "/k",
         "host:bucket.s3.amazonaws.com\nx-amz-meta-a: two  spaces \nx-amz-content-sha256:"
         "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n" DATE AUTH_OF(
             "s3", "host;x-amz-content-sha256;x-amz-date;x-amz-meta-a",
             "c84c047a1fc4dc7729aacd020edcd2d8a9a2f392b0445357af44242da2025c39"),
         "hello"},
        {"POST", "/",
         "host:sts.amazonaws.com\ncontent-type:application/x-www-form-urlencoded; charset=utf-8\n"
         "x-amz-security-token:TOKEN/+=\n" DATE AUTH_OF(
             "sts", "content-type;host;x-amz-date;x-amz-security-token",
             "aa5e3ba75440c232f01310f90f2a5701218173a1236ca44ebe805020a7a6751d"),
         "Action=GetCallerIdentity&Version=2011-06-15"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        if (strcmp(verdict(&examples[i]), "ok") != 0) {
            fail_msg("%s %s: %s", examples[i].method, examples[i].target, verdict(&examples[i]));
        }
    }
    assert_string_equal(verdict(&boto_s3_url), "ok");
    assert_string_equal(verdict(&boto_sts_url), "ok");
}

static void reads_what_a_signature_says(void **state)
{
    static const struct sent sent = {
        "GET", "/", HOST DATE "\nx-amz-security-token:T" AUTH("host;x-amz-date", VANILLA), NULL};
    struct http_request request = request_of(&sent);
    struct sigv4 sigv4;

    (void)state;
    assert_ptr_equal(sigv4_read(&request, arena, &why, &sigv4), OK);
    assert_true(sigv4.present);
    assert_false(sigv4.presigned);
    assert_false(sigv4.s3);
    assert_int_equal(sigv4.payload, PAYLOAD_HASHED);
    assert_true(str_eq(sigv4.access_key, STR("AKIDEXAMPLE")));
    assert_true(str_eq(sigv4.date, STR("20150830")));
    assert_true(str_eq(sigv4.region, STR("us-east-1")));
    assert_true(str_eq(sigv4.service, STR("service")));
    assert_true(str_eq(sigv4.signed_headers, STR("host;x-amz-date")));
    assert_true(str_eq(sigv4.signature, STR(VANILLA)));
    assert_true(str_eq(sigv4.session_token, STR("T")));
    assert_int_equal(sigv4.signed_at_ms, moment_of(MOMENT));

    request = request_of(&boto_s3_url);
    assert_ptr_equal(sigv4_read(&request, arena, &why, &sigv4), OK);
    assert_true(sigv4.presigned);
    assert_true(sigv4.s3);
    assert_int_equal(sigv4.payload, PAYLOAD_UNSIGNED);
    assert_int_equal(sigv4.expires_ms, 86400 * 1000);
    assert_true(str_eq(sigv4.session_token, STR("TOKEN/+=")));
}

static void host_may_come_as_authority(void **state)
{
    static const struct sent sent = {"GET", "/", DATE AUTH("host;x-amz-date", VANILLA), NULL};
    struct http_request request = request_of(&sent);
    struct sigv4 sigv4;

    (void)state;
    request.authority = STR("example.amazonaws.com");
    assert_ptr_equal(sigv4_read(&request, arena, &why, &sigv4), OK);
    assert_ptr_equal(sigv4_check(&sigv4, &request, SECRET, moment_of(MOMENT), keys, arena, &why,
                                 NULL),
                     OK);
}

static void unsigned_requests_and_other_authorizations_have_no_signature(void **state)
{
    static const struct sent none[] = {
        {"GET", "/", HOST DATE, NULL},
        {"GET", "/?X-Amz-Date=" MOMENT, HOST DATE, NULL},
        {"GET", "/?a=X-Amz-Algorithm=1", HOST DATE, NULL},
        {"GET", "/", HOST DATE "\nauthorization:Bearer abc", NULL},
        {"GET", "/", HOST DATE "\nauthorization:Basic abc", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_string_equal(verdict(&none[i]), "none");
    }
}

static void date_may_stand_for_x_amz_date(void **state)
{
    struct http_header headers[] = {{STR("date"), STR("Sun, 30 Aug 2015 12:36:00 GMT")},
                                    {STR("host"), STR("h")},
                                    {STR("authorization"), STR("")}};
    struct http_request request = {.method = STR("GET"), .path = STR("/"), .headers = headers,
                                   .header_count = 2, .authority = STR("h")};
    struct sigv4 sigv4;

    (void)state;
    headers[2].value = sigv4_sign(&request, STR("AKID"), SECRET, STR("eu-west-1"), STR("sns"),
                                  moment_of(MOMENT), arena);
    request.header_count = 3;
    assert_ptr_equal(sigv4_read(&request, arena, &why, &sigv4), OK);
    assert_int_equal(sigv4.signed_at_ms, moment_of(MOMENT));
    assert_ptr_equal(sigv4_check(&sigv4, &request, SECRET, moment_of(MOMENT), keys, arena, &why,
                                 NULL),
                     OK);
    headers[0].value = STR(MOMENT);
    assert_ptr_equal(sigv4_read(&request, arena, &why, &sigv4), OK);
    assert_int_equal(sigv4.signed_at_ms, moment_of(MOMENT));
}

/* ---- being wrong ---- */

#define MISMATCH                                                                                   \
    "InvalidSignatureException: The request signature we calculated does not match the signature " \
    "you provided. Check your AWS Secret Access Key and signing method. Consult the service "      \
    "documentation for details."
#define S3_MISMATCH                                                                                \
    "InvalidSignatureException: The request signature we calculated does not match the signature " \
    "you provided. Check your key and signing method."

static void anything_changed_is_a_mismatch(void **state)
{
    static const struct sent changed[] = {
        {"PUT", "/", HOST DATE AUTH("host;x-amz-date", VANILLA), NULL},
        {"GET", "/a", HOST DATE AUTH("host;x-amz-date", VANILLA), NULL},
        {"GET", "/?a", HOST DATE AUTH("host;x-amz-date", VANILLA), NULL},
        {"GET", "/", "host:example.com\n" DATE AUTH("host;x-amz-date", VANILLA), NULL},
        {"GET", "/", HOST DATE AUTH("host;x-amz-date;x-none", VANILLA), NULL},
        {"GET", "/", HOST DATE AUTH("host;;x-amz-date", VANILLA), NULL},
        {"GET", "/", HOST DATE AUTH("host", VANILLA), NULL},
        {"GET", "/", HOST DATE AUTH_OF("other", "host;x-amz-date", VANILLA), NULL},
        {"GET", "/", HOST DATE AUTH("host;x-amz-date", "5fa00fa3"), NULL},
        {"GET", "/", HOST DATE AUTH("host;x-amz-date", VANILLA "00"), NULL},
        {"GET", "/", HOST DATE AUTH("host;x-amz-date", VANILLA), "body"},
        {"GET", "/",
         HOST "x-amz-content-sha256:"
              "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n" DATE AUTH(
                  "host;x-amz-date", VANILLA),
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
        assert_string_equal(verdict(&changed[i]), MISMATCH);
    }
    static const struct sent good = {"GET", "/", HOST DATE AUTH("host;x-amz-date", VANILLA), NULL};
    assert_string_equal(verdict_at(&good, STR("another"), MOMENT), MISMATCH);
    assert_string_equal(verdict_at(&good, STR_NONE, MOMENT), MISMATCH);
    assert_string_equal(verdict_at(&boto_s3_url, STR("another"), MOMENT), S3_MISMATCH);
}

static void says_all_that_is_missing(void **state)
{
#define INCOMPLETE "IncompleteSignatureException: "
#define WANTS "Authorization header requires "
    static const struct {
        struct sent sent;
        const char *verdict;
    } cases[] = {
        {{"GET", "/", HOST DATE "\nauthorization:AWS4-HMAC-SHA256 SignedHeaders=host", NULL},
         INCOMPLETE WANTS "'Credential' parameter. " WANTS "'Signature' parameter. "
         "Authorization=AWS4-HMAC-SHA256 SignedHeaders=host"},
        {{"GET", "/", HOST "authorization:AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request",
          NULL},
         INCOMPLETE WANTS "'Signature' parameter. " WANTS "'SignedHeaders' parameter. " WANTS
         "existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 "
         "Credential=A/20150830/r/s/aws4_request"},
        {{"GET", "/", HOST "x-amz-date:yesterday" AUTH("host", "00"), NULL},
         INCOMPLETE WANTS "existence of either a 'X-Amz-Date' or a 'Date' header. "
         "Authorization=AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/"
         "aws4_request, SignedHeaders=host, Signature=00"},
        {{"GET", "/", HOST DATE "\nauthorization:AWS4-HMAC-SHA256 Credential=A/b", NULL},
         INCOMPLETE "Credential must have exactly 5 slash-delimited elements, e.g. "
         "keyid/date/region/service/term, got 'A/b'"},
        {{"GET", "/", HOST DATE "\nauthorization:AWS4-HMAC-SHA256 nonsense", NULL},
         INCOMPLETE "'nonsense' not a valid key=value pair (missing equal-sign) in Authorization "
         "header: 'AWS4-HMAC-SHA256 nonsense'."},
        {{"GET", "/", HOST DATE "\nauthorization:AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4",
          NULL},
         "InvalidSignatureException: Credential should be scoped with a valid terminator: "
         "'aws4_request', not 'aws4'."},
        {{"GET", "/", HOST "x-amz-date:20150831T000000Z" AUTH("host", "00"), NULL},
         "InvalidSignatureException: Date in Credential scope does not match YYYYMMDD from "
         "ISO-8601 version of date from HTTP: '20150830' != '20150831', from "
         "'20150831T000000Z'."},
        {{"GET", "/", HOST DATE AUTH("x-amz-date", "00"), NULL},
         "InvalidSignatureException: 'Host' or ':authority' must be a 'SignedHeader' in the AWS "
         "Authorization."},
        {{"GET", "/", HOST DATE "\nauthorization:AWS AKID:sig", NULL},
         "InvalidRequest: The authorization mechanism you have provided is not supported. Please "
         "use AWS4-HMAC-SHA256."},
        {{"GET", "/", HOST DATE "\nauthorization:AWS4-ECDSA-P256-SHA256 Credential=A", NULL},
         "InvalidRequest: The authorization mechanism you have provided is not supported. Please "
         "use AWS4-HMAC-SHA256."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(verdict(&cases[i].sent), cases[i].verdict);
    }
}

static void a_presigned_url_names_what_it_lacks(void **state)
{
    static const struct {
        const char *target, *verdict;
    } cases[] = {
        {"/?X-Amz-Algorithm=AWS4-HMAC-SHA256",
         INCOMPLETE "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string "
         "parameters must include 'X-Amz-Signature'. AWS query-string parameters must include "
         "'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. "
         "Re-examine the query-string parameters."},
        {"/?" BOTO_QUERY "s3%2Faws4_request&X-Amz-Date=" MOMENT
         "&X-Amz-SignedHeaders=host&X-Amz-Signature=00",
         "AuthorizationQueryParametersError: Query-string authentication version 4 requires the "
         "X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
         "X-Amz-Expires parameters."},
        {"/?" BOTO_QUERY "s3%2Faws4_request&X-Amz-Date=" MOMENT
         "&X-Amz-Expires=604801&X-Amz-SignedHeaders=host&X-Amz-Signature=00",
         "AuthorizationQueryParametersError: X-Amz-Expires must be less than a week (in seconds); "
         "that is, the given X-Amz-Expires must be less than 604800 seconds"},
        {"/?" BOTO_QUERY "s3%2Faws4_request&X-Amz-Date=" MOMENT
         "&X-Amz-Expires=-1&X-Amz-SignedHeaders=host&X-Amz-Signature=00",
         "AuthorizationQueryParametersError: X-Amz-Expires must be non-negative"},
        {"/?" BOTO_QUERY "s3%2Faws4_request&X-Amz-Date=" MOMENT
         "&X-Amz-Expires=soon&X-Amz-SignedHeaders=host&X-Amz-Signature=00",
         "AuthorizationQueryParametersError: X-Amz-Expires should be a number"},
        {"/?" BOTO_QUERY "s3%2Faws4_request&X-Amz-Date=2015"
         "&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00",
         "AuthorizationQueryParametersError: X-Amz-Date must be in the ISO8601 Long Format "
         "\"yyyyMMdd'T'HHmmss'Z'\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sent sent = {"GET", cases[i].target, "host:h", NULL};
        assert_string_equal(verdict(&sent), cases[i].verdict);
    }
}

static void a_header_is_good_for_a_quarter_of_an_hour_either_way(void **state)
{
    static const struct sent good = {"GET", "/", HOST DATE AUTH("host;x-amz-date", VANILLA), NULL};

    (void)state;
    assert_string_equal(verdict_at(&good, SECRET, "20150830T125100Z"), "ok");
    assert_string_equal(verdict_at(&good, SECRET, "20150830T122100Z"), "ok");
    assert_string_equal(verdict_at(&good, SECRET, "20150830T125101Z"),
                        "InvalidSignatureException: Signature expired: 20150830T123600Z is now "
                        "earlier than 20150830T123601Z (20150830T125101Z - 15 min.)");
    assert_string_equal(verdict_at(&good, SECRET, "20150830T122059Z"),
                        "InvalidSignatureException: Signature not yet current: 20150830T123600Z is "
                        "still later than 20150830T123559Z (20150830T122059Z + 15 min.)");
}

static void a_presigned_url_is_good_for_as_long_as_it_says(void **state)
{
    (void)state;
    assert_string_equal(verdict_at(&boto_s3_url, SECRET, "20150831T123600Z"), "ok");
    assert_string_equal(verdict_at(&boto_s3_url, SECRET, "20150831T123601Z"),
                        "AccessDeniedException: Request has expired");
    assert_string_equal(verdict_at(&boto_s3_url, SECRET, "20150830T122059Z"),
                        "AccessDeniedException: Request is not valid yet");
    assert_string_equal(verdict_at(&boto_sts_url, SECRET, "20150830T123700Z"), "ok");
    assert_string_equal(verdict_at(&boto_sts_url, SECRET, "20150830T123701Z"),
                        "InvalidSignatureException: Signature expired: 20150830T123600Z is now "
                        "earlier than 20150830T123601Z (20150830T123701Z - 1 min.)");
}

static void s3_has_its_own_words(void **state)
{
#define S3_AUTH(signed) AUTH_OF("s3", signed, VANILLA)
    static const struct {
        const char *headers, *verdict;
    } cases[] = {
        {"host:h\nx-amz-content-sha256:" EMPTY_HASH "\nx-amz-date:20150830T120000Z" S3_AUTH(
             "host;x-amz-content-sha256;x-amz-date"),
         "RequestTimeTooSkewed: The difference between the request time and the current time is "
         "too large."},
        {"host:h\n" DATE S3_AUTH("host;x-amz-date"),
         "InvalidRequest: Missing required header for this request: x-amz-content-sha256"},
        {"host:h\nx-amz-content-sha256:wrong\n" DATE S3_AUTH(
             "host;x-amz-content-sha256;x-amz-date"),
         "InvalidArgument: x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
         "STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
         "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 value."},
        {"host:h\nx-amz-content-sha256:"
         "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n" DATE S3_AUTH(
             "host;x-amz-content-sha256;x-amz-date"),
         "XAmzContentSHA256Mismatch: The provided 'x-amz-content-sha256' header does not match "
         "what was computed."},
        {"host:h\nx-amz-acl:private\nx-amz-content-sha256:" EMPTY_HASH "\n" DATE S3_AUTH(
             "host;x-amz-content-sha256;x-amz-date"),
         "AccessDenied: There were headers present in the request which were not signed"},
        {"host:h\n" DATE "\nauthorization:AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/s3/"
         "aws4_request",
         "AuthorizationHeaderMalformed: The authorization header is malformed; the authorization "
         "header requires three components: Credential, SignedHeaders, and Signature."},
        {"host:h" S3_AUTH("host"),
         "AccessDenied: AWS authentication requires a valid Date or x-amz-date header"},
        {"host:h\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n" DATE S3_AUTH(
             "host;x-amz-content-sha256;x-amz-date"),
         S3_MISMATCH},
    };
    struct sigv4 sigv4 = {.s3 = true};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sent sent = {"PUT", "/k", cases[i].headers, NULL};
        assert_string_equal(verdict(&sent), cases[i].verdict);
    }
    assert_ptr_equal(sigv4_unknown_key(&sigv4, &why), &SIGV4_S3_UNKNOWN_KEY);
    assert_ptr_equal(sigv4_missing(true, &why), &SIGV4_S3_DENIED);
    sigv4.s3 = false;
    assert_ptr_equal(sigv4_unknown_key(&sigv4, &why), &SIGV4_UNKNOWN_KEY);
    assert_string_equal(why.text, "The security token included in the request is invalid.");
    assert_ptr_equal(sigv4_missing(false, &why), &SIGV4_MISSING_TOKEN);
    assert_string_equal(why.text, "Request is missing Authentication Token");
}

/* ---- signing and keys ---- */

static const char *sign_and_check(struct http_request *request, struct http_header *room,
                                  const char *service, bool body_later)
{
    struct sigv4 sigv4;
    status s;

    room->name = STR("authorization");
    room->value = sigv4_sign(request, STR("AKID"), SECRET, STR("eu-central-1"), str_c(service),
                             moment_of(MOMENT), arena);
    request->header_count++;
    s = sigv4_read(request, arena, &why, &sigv4);
    sigv4.body_later = body_later;
    if (body_later) {
        request->body = STR_NONE;
    }
    if (s == OK) {
        s = sigv4_check(&sigv4, request, SECRET, moment_of(MOMENT), keys, arena, &why, NULL);
    }
    request->header_count--;
    return s == OK ? "ok" : why.text;
}

static void what_is_signed_here_is_good(void **state)
{
    static const char *const targets[] = {
        "/", "/a//b/../c", "/a b/%2F%zz+?x=%2&y=a+b&&z", "/?b=2&a=1&a=0",
    };
    struct http_header headers[4] = {{STR("x-amz-date"), STR(MOMENT)},
                                     {STR("accept"), STR("  a   b ")},
                                     {STR("x-amz-content-sha256"), STR("UNSIGNED-PAYLOAD")}};

    (void)state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct sent sent = {"POST", targets[i], "", "body"};
        struct http_request request = request_of(&sent);
        request.authority = STR("127.0.0.1:4566");
        request.headers = headers;
        request.header_count = 2;
        assert_string_equal(sign_and_check(&request, &headers[2], "weir", false), "ok");
        headers[2] = (struct http_header){STR("x-amz-content-sha256"), STR("UNSIGNED-PAYLOAD")};
        request.header_count = 3;
        assert_string_equal(sign_and_check(&request, &headers[3], "s3", false), "ok");
        headers[2].value = /* of "body" */
            STR("230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5");
        assert_string_equal(sign_and_check(&request, &headers[3], "s3", true), "ok");
    }
}

static void keys_are_kept_apart(void **state)
{
    static const struct sent good = {"GET", "/", HOST DATE AUTH("host;x-amz-date", VANILLA), NULL};
    char secret[512];

    (void)state;
    memset(secret, 'x', sizeof(secret));
    for (size_t i = 0; i < 300; i++) { /* many more than there are places, some too long to keep */
        assert_string_equal(verdict_at(&good, str_of(secret, i), MOMENT), MISMATCH);
        assert_string_equal(verdict(&good), "ok");
    }
}

static void a_policy_is_checked_with_the_days_key(void **state)
{
    struct str policy = STR("eyJleHBpcmF0aW9uIjoiMjAxNS0wOC0zMFQxMzowMDowMFoifQ==");
    struct sigv4 scope = {
        .date = STR("20150830"),
        .region = STR("us-east-1"),
        .service = STR("s3"),
        .signature = STR("9baa8bca604fb6bdd53bf963326ebfba3a5eca5ea10fd1402e749010d07cd2c3"),
    };

    (void)state;
    assert_ptr_equal(sigv4_check_policy(&scope, policy, SECRET, keys, &why), OK);
    assert_ptr_equal(sigv4_check_policy(&scope, STR("e30="), SECRET, keys, &why), &SIGV4_MISMATCH);
    scope.signature = STR("9b");
    assert_ptr_equal(sigv4_check_policy(&scope, policy, SECRET, NULL, &why), &SIGV4_MISMATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_published_examples),
        cmocka_unit_test(accepts_what_botocore_signed),
        cmocka_unit_test(reads_what_a_signature_says),
        cmocka_unit_test(host_may_come_as_authority),
        cmocka_unit_test(unsigned_requests_and_other_authorizations_have_no_signature),
        cmocka_unit_test(date_may_stand_for_x_amz_date),
        cmocka_unit_test(anything_changed_is_a_mismatch),
        cmocka_unit_test(says_all_that_is_missing),
        cmocka_unit_test(a_presigned_url_names_what_it_lacks),
        cmocka_unit_test(a_header_is_good_for_a_quarter_of_an_hour_either_way),
        cmocka_unit_test(a_presigned_url_is_good_for_as_long_as_it_says),
        cmocka_unit_test(s3_has_its_own_words),
        cmocka_unit_test(what_is_signed_here_is_good),
        cmocka_unit_test(keys_are_kept_apart),
        cmocka_unit_test(a_policy_is_checked_with_the_days_key),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
