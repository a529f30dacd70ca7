/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that signatures are AWS's: the inputs and results that AWS publishes for Signature Version
 * 4, two of its examples for S3, and the digests of FIPS 180-4 and RFC 4231 below them.
 */
#include "request.h"
#include "sha256.h"
#include "text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

#define MOMENT "20150830T123600Z"
#define VANILLA "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
#define TOKEN                                                                                      \
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSP" \
    "fIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT" \
    "7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlz" \
    "m8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="

struct example {
    const char *method;    /* and the rest */
    const char *path;      /* as AWS gives it */
    const char *query;     /* "a=b&c=d" */
    const char *headers;   /* beside host and date: "name:value" lines */
    const char *body;      /* NULL: none */
    const char *signature; /* that comes out */
};

static const struct example examples[] = {
    {"GET", "/", "", "", NULL, VANILLA},
    {"GET", "", "", "", NULL, VANILLA},
    {"GET", "/./", "", "", NULL, VANILLA},
    {"GET", "/example/..", "", "", NULL, VANILLA},
    {"GET", "/example1/example2/../..", "", "", NULL, VANILLA},
    {"GET", "//example//", "", "", NULL,
     "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
    {"GET", "/./example", "", "", NULL,
     "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
    {"GET", "/example space/", "", "", NULL,
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"GET", "/\xe1\x88\xb4", "", "", NULL,
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "", "", NULL,
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"GET", "/", "Param2=value2&Param1=value1", "", NULL,
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"GET", "/", "Param1=value2&Param1=value1", "", NULL,
     "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
    {"GET", "/", "\xe1\x88\xb4=bar", "", NULL,
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"POST", "/", "", "", NULL, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"POST", "/", "Param1=value1", "", NULL,
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {"GET", "/", "", "my-header1:value2\nmy-header1:value2\nmy-header1:value1\n", NULL,
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"GET", "/", "", "my-header1: value1\nmy-header2: \"a   b   c\"\n", NULL,
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"POST", "/", "", "My-Header1:value1\n", NULL,
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"POST", "/", "", "content-type:application/x-www-form-urlencoded\n", "Param1=value1",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    {"POST", "/", "", "x-amz-security-token:" TOKEN "\n", NULL,
     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
};

static struct weir_request request;

static void fill(const struct example *example)
{
    struct weir_text query = weir_text(example->query);
    struct weir_text headers = weir_text(example->headers);

    weir_request_clear(&request);
    request.method = example->method;
    weir_buf_add_c(&request.path, example->path);
    while (query.bytes > 0) {
        struct weir_text value = weir_text_split(&query, '&');
        struct weir_text name = weir_text_split(&value, '=');
        weir_request_query(&request, name, value);
    }
    while (headers.bytes > 0) {
        struct weir_text value = weir_text_split(&headers, '\n');
        struct weir_text name = weir_text_split(&value, ':');
        weir_request_header(&request, name, value);
    }
    if (example->body != NULL) {
        request.payload = weir_text(example->body);
    }
}

static void signs_the_published_examples(void **state)
{
    static const struct weir_credentials credentials = {
        .access_key_id = "AKIDEXAMPLE",
        .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
    static const struct weir_scope scope = {"us-east-1", "service", false};
    char hex[65];

    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        fill(&examples[i]);
        weir_request_header(&request, WEIR_TEXT("host"), WEIR_TEXT("example.amazonaws.com"));
        weir_request_header(&request, WEIR_TEXT("x-amz-date"), WEIR_TEXT(MOMENT));
        weir_signature(&request, &credentials, &scope, MOMENT, hex);
        if (strcmp(hex, examples[i].signature) != 0) {
            fail_msg("%s %s?%s: %s", examples[i].method, examples[i].path, examples[i].query, hex);
        }
    }
}

/* Amazon S3 API reference, "Examples: Signature Calculations". */
static void signs_s3s_examples(void **state)
{
    static const struct weir_credentials credentials = {
        .access_key_id = "AKIAIOSFODNN7EXAMPLE",
        .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
    static const struct weir_scope scope = {"us-east-1", "s3", true};
    struct weir_text authorization = WEIR_NONE;

    (void)state;
    weir_request_clear(&request);
    request.method = "GET";
    weir_buf_add_c(&request.path, "/test.txt");
    weir_request_header(&request, WEIR_TEXT("Host"), WEIR_TEXT("examplebucket.s3.amazonaws.com"));
    weir_request_header(&request, WEIR_TEXT("Range"), WEIR_TEXT("bytes=0-9"));
    weir_sign(&request, &credentials, &scope, 1369353600000);
    for (size_t i = 0; i < request.header_count; i++) {
        if (weir_text_is(weir_request_name(&request, &request.headers[i]), "authorization")) {
            authorization = weir_request_value(&request, &request.headers[i]);
        }
    }
    assert_true(weir_text_is(
        authorization,
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
}

/* Amazon S3 API reference, "Authenticating Requests: Using Query Parameters". */
static void signs_s3s_example_of_an_address(void **state)
{
    static const struct weir_credentials credentials = {
        .access_key_id = "AKIAIOSFODNN7EXAMPLE",
        .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
    static const struct weir_scope scope = {"us-east-1", "s3", true};

    (void)state;
    weir_request_clear(&request);
    request.method = "GET";
    weir_buf_add_c(&request.path, "/test.txt");
    weir_request_header(&request, WEIR_TEXT("Host"), WEIR_TEXT("examplebucket.s3.amazonaws.com"));
    weir_presign(&request, &credentials, &scope, 1369353600000, 86400);
    assert_true(weir_text_is(
        weir_request_value(&request, &request.query[request.query_count - 1]),
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"));
}

static void digests_are_those_of_the_standards(void **state)
{
    static const char part[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    unsigned char digest[WEIR_SHA256_BYTES];
    struct weir_sha256 sha;
    char hex[65];

    (void)state;
    weir_sha256(WEIR_TEXT("abc"), digest);
    weir_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    for (size_t cut = 0; cut < sizeof part; cut++) {
        weir_sha256_init(&sha);
        weir_sha256_add(&sha, (struct weir_text){part, cut});
        weir_sha256_add(&sha, (struct weir_text){part + cut, sizeof part - 1 - cut});
        weir_sha256_end(&sha, digest);
        weir_hex(digest, sizeof digest, hex);
        assert_string_equal(hex,
                            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    }
    weir_sha256_init(&sha);
    for (int i = 0; i < 10000; i++) {
        char hundred[100];
        memset(hundred, 'a', sizeof hundred);
        weir_sha256_add(&sha, (struct weir_text){hundred, sizeof hundred});
    }
    weir_sha256_end(&sha, digest);
    weir_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    weir_hmac_sha256(WEIR_TEXT("Jefe"), WEIR_TEXT("what do ya want for nothing?"), digest);
    weir_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_int_equal(weir_crc32(WEIR_TEXT("123456789")), 0xCBF43926);
}

static void a_request_that_does_not_fit_says_so(void **state)
{
    (void)state;
    weir_request_clear(&request);
    for (int i = 0; i < WEIR_HEADERS_MAX; i++) {
        weir_request_header(&request, WEIR_TEXT("a"), WEIR_TEXT("b"));
    }
    assert_false(request.failed);
    weir_request_header(&request, WEIR_TEXT("a"), WEIR_TEXT("b"));
    assert_true(request.failed);
    weir_request_clear(&request);
    weir_request_header(&request, WEIR_TEXT("Evil"), WEIR_TEXT("a\r\nb: c"));
    assert_true(weir_text_is(weir_request_value(&request, &request.headers[0]), "a  b: c"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_the_published_examples),
        cmocka_unit_test(signs_s3s_examples),
        cmocka_unit_test(signs_s3s_example_of_an_address),
        cmocka_unit_test(digests_are_those_of_the_standards),
        cmocka_unit_test(a_request_that_does_not_fit_says_so),
    };
    int failed;

    weir_request_init(&request, 1u << 20);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_request_done(&request);
    return failed;
}
