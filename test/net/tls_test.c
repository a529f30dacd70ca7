/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves TLS: the authority's files and what becomes of damaged ones, certificates for the names
 * that are ours and for no others (checked by OpenSSL's own client, with verification), ALPN, plain
 * text on the same port, large bodies both ways, and that broken records end the connection.
 */
#include "socket.h"

#include "net/tls.h"

#include <dirent.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

static struct why why;

struct world {
    struct fixture f;
    struct server *server;
    struct tls *tls;
    char dir[64];
    SSL_CTX *client; /* trusts the authority only */
    struct buf out;
};

static int start(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct server_options o = {.host = "127.0.0.1", .loop_count = 1};

    fixture_init(&w->f);
    buf_init(&w->out, 64 << 20);
    (void)snprintf(w->dir, sizeof w->dir, "/tmp/weir-tls-test-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    assert_ptr_equal(tls_open(w->dir, &why, &w->tls), OK);
    o.app = &w->f.app;
    o.tls = w->tls;
    assert_ptr_equal(server_start(&o, &why, &w->server), OK);
    w->client = SSL_CTX_new(TLS_client_method());
    assert_int_equal(SSL_CTX_load_verify_locations(w->client, tls_ca_path(w->tls), NULL), 1);
    SSL_CTX_set_verify(w->client, SSL_VERIFY_PEER, NULL);
    *state = w;
    return 0;
}

static void remove_all(const char *dir)
{
    DIR *open = opendir(dir);
    const struct dirent *entry;

    while ((entry = readdir(open)) != NULL) {
        char path[400];

        (void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(open);
    (void)rmdir(dir);
}

static int stop(void **state)
{
    struct world *w = *state;

    server_free(w->server);
    tls_close(w->tls);
    SSL_CTX_free(w->client);
    buf_done(&w->out);
    remove_all(w->dir);
    free(w);
    return 0;
}

/* A verified connection, or NULL. name: for SNI, or NULL for the address 127.0.0.1. */
static SSL *shake(struct world *w, const char *name, const char *alpn, int version)
{
    SSL *ssl = SSL_new(w->client);

    SSL_set_fd(ssl, dial(server_port(w->server)));
    if (name != NULL) {
        assert_int_equal(SSL_set_tlsext_host_name(ssl, name), 1);
        assert_int_equal(SSL_set1_host(ssl, name), 1);
    } else {
        assert_int_equal(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), "127.0.0.1"), 1);
    }
    if (alpn != NULL) {
        (void)SSL_set_alpn_protos(ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
    }
    if (version != 0) {
        (void)SSL_set_max_proto_version(ssl, version);
    }
    if (SSL_connect(ssl) == 1) {
        return ssl;
    }
    close(SSL_get_fd(ssl));
    SSL_free(ssl);
    return NULL;
}

static void hang_up(SSL *ssl)
{
    (void)SSL_shutdown(ssl);
    close(SSL_get_fd(ssl));
    SSL_free(ssl);
}

static void ssl_expect(SSL *ssl, struct str text, const char *needle)
{
    struct buf got;

    buf_init(&got, 64 << 20);
    assert_int_equal(SSL_write(ssl, text.at, (int)text.bytes), text.bytes);
    while (!has(buf_str(&got), needle)) {
        char *at = buf_reserve(&got, 65536);
        int bytes = SSL_read(ssl, at, 65536);

        if (bytes <= 0) {
            fail_msg("no '%s' in '%.*s'", needle, STR_ARG(buf_str(&got)));
        }
        buf_used(&got, (size_t)bytes);
    }
    buf_done(&got);
}

#define GET(path) STR("GET " path " HTTP/1.1\r\nHost: a\r\n\r\n")

static void our_names_are_vouched_for(void **state)
{
    static const char *const names[] = {
        NULL, "localhost", "bucket.localhost", "a.b.s3.localhost", "LOCALHOST",
        "kinesis.us-east-1.amazonaws.com", "my.bucket.s3.eu-west-1.amazonaws.com",
        "sqs.us-east-1.amazonaws.com", "kinesis.us-east-1.amazonaws.com",
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        SSL *ssl = shake(w, names[i], NULL, 0);

        if (ssl == NULL) {
            fail_msg("not vouched for: %s", names[i]);
        }
        ssl_expect(ssl, GET("/fields"), "GET|/fields||a|11|tls|127.0.0.1\n");
        hang_up(ssl);
    }
}

static void no_other_name_is(void **state)
{
    static const char *const names[] = {"example.com", "amazonaws.com.example.com",
                                        "notlocalhost", "xamazonaws.com", "a_b.example.org"};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_null(shake(w, names[i], NULL, 0));
    }
}

static void alpn_chooses_the_protocol(void **state)
{
    static const struct {
        const char *offer, *chosen;
    } table[] = {{"\x02h2\x08http/1.1", "h2"}, {"\x08http/1.1\x02h2", "h2"},
                 {"\x08http/1.1", "http/1.1"}, {"\x03xyz", ""}, {NULL, ""}};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        SSL *ssl = shake(w, "localhost", table[i].offer, 0);
        const unsigned char *name;
        unsigned bytes;

        assert_non_null(ssl);
        SSL_get0_alpn_selected(ssl, &name, &bytes);
        assert_true(str_eq(str_of(name, bytes), str_c(table[i].chosen)));
        if (bytes != 2) {
            ssl_expect(ssl, GET("/echo"), "200 OK");
        }
        hang_up(ssl);
    }
}

static void tls_12_is_spoken_and_11_is_not(void **state)
{
    struct world *w = *state;
    SSL *ssl = shake(w, "localhost", NULL, TLS1_2_VERSION);

    assert_non_null(ssl);
    ssl_expect(ssl, GET("/echo"), "200 OK");
    hang_up(ssl);
    assert_null(shake(w, "localhost", NULL, TLS1_1_VERSION));
}

static void plain_text_is_served_on_the_same_port(void **state)
{
    struct world *w = *state;
    int fd = dial(server_port(w->server));

    expect(fd, "GET /fields HTTP/1.1\r\nHost: a\r\n\r\n", "|plain|");
    close(fd);
}

static void large_bodies_pass_both_ways(void **state)
{
    struct world *w = *state;
    SSL *ssl = shake(w, "localhost", NULL, 0);
    static char text[2000000 + 100];
    int head = snprintf(text, 100, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n",
                        2000000);

    assert_non_null(ssl);
    memset(text + head, 'z', 2000000);
    memcpy(text + head + 2000000 - 4, "last", 4);
    ssl_expect(ssl, str_of(text, (size_t)head + 2000000), "zzlast");
    ssl_expect(ssl, GET("/flood"), "\r\n0\r\n\r\n");
    hang_up(ssl);
}

static void a_close_comes_with_a_farewell(void **state)
{
    struct world *w = *state;
    SSL *ssl = shake(w, "localhost", NULL, 0);
    char byte;

    assert_non_null(ssl);
    ssl_expect(ssl, STR("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), "200 OK");
    assert_int_equal(SSL_read(ssl, &byte, 1), 0);
    assert_int_equal(SSL_get_error(ssl, 0), SSL_ERROR_ZERO_RETURN);
    hang_up(ssl);
}

static void broken_bytes_end_the_connection(void **state)
{
    static const char *const broken[] = {"\x16garbage that is no hello at all, not even nearly",
                                         "\x16\x03\x01\x7f\xff garbage", "\x16"};
    static const char unsealed[] = "\x17\x03\x03\x00\x20 this was never sealed by anybody ";
    struct world *w = *state;

    for (size_t i = 0; i < 3; i++) {
        int fd = dial(server_port(w->server));

        if (i < 2) {
            expect(fd, broken[i], NULL);
        } else {
            send_text(fd, broken[i]);
            expect_silence(fd, 20);
        }
        close(fd);
    }
    SSL *ssl = shake(w, "localhost", NULL, 0);

    assert_non_null(ssl);
    assert_true(SSL_write(ssl, GET("/never").at, (int)GET("/never").bytes) > 0);
    assert_true(send(SSL_get_fd(ssl), unsealed, sizeof unsealed - 1, MSG_NOSIGNAL) > 0);
    (void)read_until(SSL_get_fd(ssl), NULL, &w->out);
    close(SSL_get_fd(ssl));
    SSL_free(ssl);
    server_free(w->server);
    w->server = NULL;
    assert_int_equal(w->f.gones, w->f.requests);
}

static struct stat look(const struct world *w, const char *name)
{
    struct stat found;
    char path[128];

    (void)snprintf(path, sizeof path, "%s/%s", w->dir, name);
    assert_int_equal(stat(path, &found), 0);
    return found;
}

static void write_file(const struct world *w, const char *name, const char *text)
{
    char path[128];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", w->dir, name);
    if (text == NULL) {
        assert_int_equal(unlink(path), 0);
        return;
    }
    file = fopen(path, "w");
    (void)fputs(text, file);
    (void)fclose(file);
}

static void the_authority_is_kept(void **state)
{
    struct world *w = *state;
    struct tls *again;
    struct stat before = look(w, "ca.pem");

    assert_int_equal(look(w, "ca.key").st_mode & 0777, 0600);
    assert_int_equal(before.st_mode & 0777, 0644);
    assert_ptr_equal(tls_open(w->dir, &why, &again), OK);
    assert_int_equal(look(w, "ca.pem").st_ino, before.st_ino);
    tls_close(again);
}

static void a_key_without_certificate_gets_a_new_one(void **state)
{
    struct world *w = *state;
    struct stat key = look(w, "ca.key");
    struct tls *again;

    write_file(w, "ca.pem", NULL);
    assert_ptr_equal(tls_open(w->dir, &why, &again), OK);
    assert_int_equal(look(w, "ca.key").st_ino, key.st_ino);
    (void)look(w, "ca.pem");
    tls_close(again);
}

static void damaged_files_are_named(void **state)
{
    struct world *w = *state;
    struct tls *again = NULL;

    write_file(w, "ca.pem", "this is no certificate");
    assert_ptr_equal(tls_open(w->dir, &why, &again), &ERR_CORRUPT);
    assert_non_null(strstr(why.text, "ca.pem"));
    write_file(w, "ca.key", "this is no key");
    assert_ptr_equal(tls_open(w->dir, &why, &again), &ERR_CORRUPT);
    assert_non_null(strstr(why.text, "remove it"));
    write_file(w, "ca.key", NULL);
    assert_ptr_equal(tls_open(w->dir, &why, &again), &ERR_CORRUPT);
    assert_null(again);
    assert_ptr_not_equal(tls_open("/dev/null/nowhere", &why, &again), OK);
}

static void curl_trusts_it(void **state)
{
    static const char *const versions[] = {"--http1.1", "--http2"};
    struct world *w = *state;

    if (!has_program("curl")) {
        skip();
    }
    for (size_t i = 0; i < 2; i++) {
        struct str got = run(&w->out,
                             "curl -s %s --cacert %s -w ' %%{http_version}' --data-binary hello "
                             "--resolve kinesis.us-east-1.amazonaws.com:%u:127.0.0.1 "
                             "https://kinesis.us-east-1.amazonaws.com:%u/echo",
                             versions[i], tls_ca_path(w->tls), server_port(w->server),
                             server_port(w->server));

        assert_true(str_eq(got, i == 0 ? STR("hello 1.1") : STR("hello 2")));
        got = run(&w->out, "curl -s %s --cacert %s https://127.0.0.1:%u/flood | wc -c", versions[i],
                  tls_ca_path(w->tls), server_port(w->server));
        assert_true(str_starts(got, STR("8388608")));
        got = run(&w->out, "head -c 3000000 /dev/zero | curl -s %s --cacert %s --data-binary @- "
                           "https://localhost:%u/echo | wc -c", versions[i], tls_ca_path(w->tls),
                  server_port(w->server));
        assert_true(str_starts(got, STR("3000000")));
    }
    assert_true(str_starts(run(&w->out, "curl -s https://localhost:%u/echo; echo $?",
                               server_port(w->server)), STR("60")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(our_names_are_vouched_for),
        TEST(no_other_name_is),
        TEST(alpn_chooses_the_protocol),
        TEST(tls_12_is_spoken_and_11_is_not),
        TEST(plain_text_is_served_on_the_same_port),
        TEST(large_bodies_pass_both_ways),
        TEST(a_close_comes_with_a_farewell),
        TEST(broken_bytes_end_the_connection),
        TEST(the_authority_is_kept),
        TEST(a_key_without_certificate_gets_a_new_one),
        TEST(damaged_files_are_named),
        TEST(curl_trusts_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
