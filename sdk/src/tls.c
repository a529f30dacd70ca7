/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS by OpenSSL: the one file that needs it, in an archive of its own. Certificates are checked
 * against the system's, or those of AWS_CA_BUNDLE.
 *
 * A static program carries the paths of the system where it was built; where it runs, Amazon Linux
 * as a rule, the system's certificates may lie elsewhere. So the usual places are tried as well.
 */
#include "weir_aws.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* OpenSSL writes in a way that raises SIGPIPE when the other side is gone. */
static void ignore_sigpipe(void)
{
    struct sigaction action;

    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
        action.sa_handler = SIG_IGN;
        (void)sigaction(SIGPIPE, &action, NULL);
    }
}

static bool is_readable(const char *path)
{
    return path != NULL && access(path, R_OK) == 0;
}

/* Trusts what this system trusts. */
static bool trust_system(SSL_CTX *context)
{
    static const char *const places[] = {
        "/etc/pki/tls/certs/ca-bundle.crt",   /* Amazon Linux, Fedora */
        "/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine */
        "/etc/ssl/ca-bundle.pem",             /* SUSE */
    };
    const char *file = getenv(X509_get_default_cert_file_env());
    const char *folder = getenv(X509_get_default_cert_dir_env());
    bool is_told = file != NULL || folder != NULL;

    if (SSL_CTX_set_default_verify_paths(context) != 1) {
        return false;
    }
    if (is_told || is_readable(X509_get_default_cert_file()) ||
        is_readable(X509_get_default_cert_dir())) {
        return true;
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (is_readable(places[i])) {
            return SSL_CTX_load_verify_locations(context, places[i], NULL) == 1;
        }
    }
    return true;
}

static SSL_CTX *context_of(char *why, size_t why_bytes)
{
    static SSL_CTX *context; /* for the process; a client has one thread, and this is set once */
    const char *bundle = getenv("AWS_CA_BUNDLE");
    SSL_CTX *made;

    if (context != NULL) {
        return context;
    }
    made = SSL_CTX_new(TLS_client_method());
    if (made == NULL || SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION) != 1 ||
        (bundle != NULL && *bundle != '\0' ? SSL_CTX_load_verify_locations(made, bundle, NULL)
                                           : trust_system(made)) != 1) {
        (void)snprintf(why, why_bytes, "TLS cannot be set up: no certificates to trust");
        SSL_CTX_free(made);
        return NULL;
    }
    SSL_CTX_set_verify(made, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(made, SSL_MODE_AUTO_RETRY);
    ignore_sigpipe();
    context = made;
    return context;
}

static void *open_session(int fd, const char *host, char *why, size_t why_bytes)
{
    SSL_CTX *context = context_of(why, why_bytes);
    SSL *ssl = context == NULL ? NULL : SSL_new(context);
    X509_VERIFY_PARAM *param;
    bool is_address;

    if (ssl == NULL) {
        return NULL;
    }
    param = SSL_get0_param(ssl);
    is_address = X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
    if (SSL_set_fd(ssl, fd) != 1 ||
        (!is_address &&
         (SSL_set1_host(ssl, host) != 1 || SSL_set_tlsext_host_name(ssl, host) != 1)) ||
        SSL_connect(ssl) != 1) {
        long verified = SSL_get_verify_result(ssl);
        const char *reason = verified != X509_V_OK ? X509_verify_cert_error_string(verified)
                                                   : ERR_reason_error_string(ERR_peek_last_error());
        (void)snprintf(why, why_bytes, "TLS with %s: %s", host,
                       reason == NULL ? "it broke" : reason);
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    return ssl;
}

static long read_some(void *session, char *to, size_t bytes)
{
    size_t got = 0;

    ERR_clear_error();
    if (SSL_read_ex(session, to, bytes, &got) == 1) {
        return (long)got;
    }
    return SSL_get_error(session, 0) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static long write_some(void *session, const char *from, size_t bytes)
{
    size_t sent = 0;

    ERR_clear_error();
    return SSL_write_ex(session, from, bytes, &sent) == 1 ? (long)sent : -1;
}

static void close_session(void *session)
{
    (void)SSL_shutdown(session);
    SSL_free(session);
}

const struct weir_tls weir_tls = {
    .open = open_session, .read = read_some, .write = write_some, .close = close_session};
