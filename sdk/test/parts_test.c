/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves the small parts: moments, addresses, profiles, endpoints, name servers' answers, XML, and
 * HTTP answers in pieces of every size.
 */
#include "client_int.h"
#include "sys.h"
#include "text.h"
#include "xml.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void moments_are_read_in_their_forms(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: it is none */
    } cases[] = {
        {"2026-11-23T08:00:00Z", 1795420800000},
        {"2026-11-23T08:00:00.5Z", 1795420800500},
        {"2026-11-23T08:00:00.123456Z", 1795420800123},
        {"2026-11-23T09:00:00+01:00", 1795420800000},
        {"2026-11-23T02:30:00-0530", 1795420800000},
        {"2026-11-23 08:00", 1795420800000},
        {"2026-11-23", 1795392000000},
        {"Mon, 23 Nov 2026 08:00:00 GMT", 1795420800000},
        {"2000-02-29T00:00:00Z", 951782400000},
        {"1970-01-01T00:00:00Z", 0},
        {"2026-13-01", -1},
        {"2026-11-23T25:00:00Z", -1},
        {"2026-11-23T08:00:00Zx", -1},
        {"yesterday", -1},
        {"", -1},
    };
    char text[WEIR_MOMENT_BYTES_MAX];
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool good = weir_moment_read(weir_text(cases[i].text), &ms);
        if (good != (cases[i].ms >= 0) || (good && ms != cases[i].ms)) {
            fail_msg("%s: %lld", cases[i].text, (long long)ms);
        }
    }
    weir_moment_iso(1795420800123, text);
    assert_string_equal(text, "2026-11-23T08:00:00.123Z");
    weir_moment_http(1795420800000, text);
    assert_string_equal(text, "Mon, 23 Nov 2026 08:00:00 GMT");
    weir_moment_http(-86400000, text);
    assert_string_equal(text, "Wed, 31 Dec 1969 00:00:00 GMT");
    weir_moment_basic(1795420800000, text);
    assert_string_equal(text, "20261123T080000Z");
}

static void addresses_are_taken_apart(void **state)
{
    static const char *const bad[] = {
        "", "ftp://x", "http://", "http://x:0", "http://x:99999", "http://x:port", "x.example"};
    char authority[WEIR_HOST_BYTES_MAX + 16];
    struct weir_url url;

    (void)state;
    assert_true(weir_url_read(WEIR_TEXT("http://127.0.0.1:4566/base/"), &url));
    assert_string_equal(url.host, "127.0.0.1");
    assert_string_equal(url.path, "/base");
    assert_int_equal(url.port, 4566);
    weir_url_authority(&url, authority);
    assert_string_equal(authority, "127.0.0.1:4566");
    assert_true(weir_url_read(WEIR_TEXT("https://[fd00:ec2::23]:443"), &url));
    assert_string_equal(url.host, "fd00:ec2::23");
    weir_url_authority(&url, authority);
    assert_string_equal(authority, "[fd00:ec2::23]");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (weir_url_read(weir_text(bad[i]), &url)) {
            fail_msg("\"%s\" is no address", bad[i]);
        }
    }
}

static void assert_host(const char *region, const char *service, const char *host,
                        const char *scope)
{
    struct weir_aws_options options = {.region = region};
    struct weir_settings settings;
    struct weir_place place;
    const char *code;

    assert_true(weir_settings_init(&settings, &options));
    code = weir_place_of(&settings, model_service_find(weir_text(service)), service, &place);
    assert_null(code);
    assert_string_equal(place.url.host, host);
    assert_string_equal(place.region, scope);
    assert_true(place.url.is_tls);
    weir_settings_done(&settings);
}

static void services_have_hosts_of_their_own(void **state)
{
    (void)state;
    (void)unsetenv("AWS_ENDPOINT_URL");
    (void)setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
    assert_host("eu-central-1", "sqs", "sqs.eu-central-1.amazonaws.com", "eu-central-1");
    assert_host("eu-central-1", "stepfunctions", "states.eu-central-1.amazonaws.com",
                "eu-central-1");
    assert_host("eu-central-1", "iam", "iam.amazonaws.com", "us-east-1");
    assert_host("us-gov-east-1", "iam", "iam.us-gov.amazonaws.com", "us-gov-west-1");
    assert_host("cn-north-1", "s3", "s3.cn-north-1.amazonaws.com.cn", "cn-north-1");
    assert_host("us-west-2", "execute-api", "execute-api.us-west-2.amazonaws.com", "us-west-2");
}

/* The host that a call goes to, and its path there. */
static void assert_sent(const char *service, const char *operation, const char *json,
                        const char *host_and_path)
{
    struct weir_aws_options options = {.region = "eu-central-1"};
    static struct weir_request request;
    struct weir_settings settings;
    struct weir_place place;
    struct weir_buf scratch;
    char text[512];
    struct weir_call call = {.request = &request, .scratch = &scratch};

    weir_request_init(&request, 1u << 20);
    weir_request_clear(&request);
    weir_buf_init(&scratch, 1u << 20);
    assert_true(weir_settings_init(&settings, &options));
    call.service = model_service_find(weir_text(service));
    call.operation_name = weir_text(operation);
    call.json = weir_text(json);
    assert_true(model_operation_find(call.service, call.operation_name, &call.operation));
    assert_null(weir_place_of(&settings, call.service, service, &place));
    assert_true(weir_encode(&call));
    weir_host_refine(&call, &place);
    (void)snprintf(text, sizeof text, "%s %.*s", place.url.host,
                   WEIR_ARG(weir_buf_text(&request.path)));
    assert_string_equal(text, host_and_path);
    weir_settings_done(&settings);
    weir_request_done(&request);
    weir_buf_done(&scratch);
}

static void hosts_have_parts_of_names(void **state)
{
    (void)state;
    assert_sent("s3", "GetObject", "{\"Bucket\":\"cards\",\"Key\":\"a/b c\"}",
                "cards.s3.eu-central-1.amazonaws.com /a/b%20c");
    assert_sent("s3", "CreateBucket", "{\"Bucket\":\"cards\"}",
                "cards.s3.eu-central-1.amazonaws.com ");
    assert_sent("s3", "CreateBucket", "{\"Bucket\":\"with.dots\"}",
                "s3.eu-central-1.amazonaws.com /with.dots");
    assert_sent("s3", "ListBuckets", "{}", "s3.eu-central-1.amazonaws.com /");
    assert_sent("s3control", "ListJobs", "{\"AccountId\":\"111122223333\"}",
                "111122223333.s3-control.eu-central-1.amazonaws.com /v20180820/jobs");
    assert_sent("s3control", "ListJobs", "{\"AccountId\":\"evil.example/\"}",
                "s3-control.eu-central-1.amazonaws.com /v20180820/jobs");
    assert_sent("stepfunctions", "StartSyncExecution", "{\"stateMachineArn\":\"a\"}",
                "sync-states.eu-central-1.amazonaws.com ");
}

static void profiles_are_read_with_their_quirks(void **state)
{
    struct weir_text file =
        WEIR_TEXT("region = none\n[default]\nregion=a\n; c\n[profile two]\n"
                  "s3 =\n  region = nested\nREGION = b \n[two]\r\nkey = c=d\r\n");

    (void)state;
    assert_true(weir_text_is(weir_profile_get(file, "default", "region"), "a"));
    assert_true(weir_text_is(weir_profile_get(file, "two", "region"), "b"));
    assert_true(weir_text_is(weir_profile_get(file, "two", "key"), "c=d"));
    assert_null(weir_profile_get(file, "three", "region").at);
}

static void name_servers_answers_are_read(void **state)
{
    static const char answer[] =
        "\x12\x34\x81\x80\0\1\0\3\0\0\0\0\1a\2bc\0\0\1\0\1"
        "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1d\xc0\x0e" /* a.bc is d.bc */
        "\xc0\x22\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\2"  /* which is 127.0.0.2 */
        "\xc0\x22\0\x1c\0\1\0\0\0\x3c\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1";
    struct weir_addresses found = {.count = 0};
    struct sockaddr_in first;

    (void)state;
    weir_resolve_read((struct weir_text){answer, sizeof answer - 1}, 0x4321, &found);
    assert_int_equal(found.count, 0);
    for (size_t cut = 0; cut < sizeof answer - 1; cut++) {
        weir_resolve_read((struct weir_text){answer, cut}, 0x1234, &found);
        found.count = 0;
    }
    weir_resolve_read((struct weir_text){answer, sizeof answer - 1}, 0x1234, &found);
    assert_int_equal(found.count, 2);
    memcpy(&first, &found.at[0], sizeof first);
    assert_int_equal(first.sin_addr.s_addr, htonl(0x7f000002));
    assert_int_equal(found.at[1].ss_family, AF_INET6);
    assert_true(weir_resolve("localhost", 80, &found));
    assert_true(weir_resolve("::1", 80, &found));
}

static void xml_is_a_tree_or_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "text",
                                      "<a>",
                                      "<a></b>",
                                      "<a/><b/>",
                                      "<a>&x;</a>",
                                      "<a b='",
                                      "<a><![CDATA[x</a>",
                                      "<!DOCTYPE a><a/>",
                                      "<a>&#x110000;</a>"};
    char good[] =
        "<?xml version=\"1.0\"?>\n<x:a q:t=\"v &amp;\"><!-- c --><b>1 &lt;&#233;<![CDATA[<&]]>"
        "</b>\n<c/><b x='>'/></x:a>\n";
    struct weir_text value;
    struct weir_xml xml;
    char copy[64];

    (void)state;
    weir_xml_init(&xml, 1u << 20);
    assert_true(weir_xml_read(&xml, good, sizeof good - 1));
    assert_true(weir_text_is(weir_xml_at(&xml, 1)->name, "a"));
    assert_true(weir_xml_attribute(weir_xml_at(&xml, 1), "q:t", &value));
    assert_true(weir_text_is(value, "v &amp;"));
    assert_true(weir_text_is(weir_xml_at(&xml, weir_xml_child(&xml, 1, "b"))->text, "1 <é<&"));
    assert_true(weir_text_is(weir_xml_at(&xml, weir_xml_child(&xml, 1, "c"))->text, ""));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memcpy(copy, bad[i], strlen(bad[i]) + 1);
        if (weir_xml_read(&xml, copy, strlen(copy))) {
            fail_msg("%s is no document", bad[i]);
        }
    }
    weir_xml_done(&xml);
}

/* ---- answers, over a connection that is a piece of memory ---- */

static struct weir_text left;
static size_t piece;

static long give(void *session, char *to, size_t bytes)
{
    size_t count = left.bytes < piece ? left.bytes : piece;

    (void)session;
    count = count < bytes ? count : bytes;
    memcpy(to, left.at, count);
    left.at += count;
    left.bytes -= count;
    return (long)count;
}

static const struct weir_tls memory = {.read = give};

static enum net_result read_from(const char *text, size_t at_once, struct weir_buf *in,
                                 struct weir_http_answer *answer)
{
    struct weir_link link = {.fd = -1, .tls = &memory};

    left = weir_text(text);
    piece = at_once;
    return weir_http_read(&link, in, false, answer);
}

static void answers_are_read_whatever_their_pieces(void **state)
{
    static const struct {
        const char *text;
        const char *body;
        bool keeps;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", true},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", "", true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\n"
         "Trailer: x\r\n\r\n",
         "hello", true},
        {"HTTP/1.1 200 OK\r\n\r\nto the end", "to the end", false},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", "x", false},
        {"HTTP/1.1 204 No Content\r\n\r\n", "", true},
    };
    struct weir_http_answer answer;
    struct weir_buf in;

    (void)state;
    weir_buf_init(&in, 1u << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t at_once = 1; at_once < 100; at_once++) {
            assert_int_equal(read_from(cases[i].text, at_once, &in, &answer), NET_OK);
            if (!weir_text_is(answer.body, cases[i].body) || answer.keeps != cases[i].keeps) {
                fail_msg("%s in pieces of %zu: \"%.*s\"", cases[i].text, at_once,
                         WEIR_ARG(answer.body));
            }
        }
    }
    weir_buf_done(&in);
}

static void answers_that_are_none_are_refused(void **state)
{
    static const struct {
        const char *text;
        enum net_result result;
    } cases[] = {
        {"", NET_CLOSED},
        {"HTTP/1.1 200 OK\r\nConte", NET_BROKEN},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", NET_BROKEN},
        {"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", NET_BAD},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nhello", NET_TOO_LARGE},
        {"SSH-2.0-x\r\n\r\n", NET_BAD},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", NET_BAD},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", NET_BAD},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", NET_BROKEN},
    };
    struct weir_http_answer answer;
    struct weir_buf in;

    (void)state;
    weir_buf_init(&in, 1u << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum net_result result = read_from(cases[i].text, 7, &in, &answer);
        if (result != cases[i].result) {
            fail_msg("%s: %d", cases[i].text, (int)result);
        }
    }
    weir_buf_done(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_read_in_their_forms),
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(services_have_hosts_of_their_own),
        cmocka_unit_test(hosts_have_parts_of_names),
        cmocka_unit_test(profiles_are_read_with_their_quirks),
        cmocka_unit_test(name_servers_answers_are_read),
        cmocka_unit_test(xml_is_a_tree_or_refused),
        cmocka_unit_test(answers_are_read_whatever_their_pieces),
        cmocka_unit_test(answers_that_are_none_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
