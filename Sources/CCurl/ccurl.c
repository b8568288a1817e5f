// The checks in libcurl's header want options that are constants.
#define CURL_DISABLE_TYPECHECK

#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "CCurl.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

// Written once by `prepare`, read only after it.
static CURLcode prepared;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void prepare(void) { prepared = curl_global_init(CURL_GLOBAL_DEFAULT); }

CURLcode sluice_curl_prepare(void) {
    pthread_once(&once, prepare);
    return prepared;
}

void sluice_curl_guard_thread(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

CURLcode sluice_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

CURLcode sluice_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

CURLcode sluice_curl_set_body(CURL *handle, const void *bytes, size_t length) {
    // The size first: the copy is made of so many bytes.
    CURLcode result = curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
    return result != CURLE_OK ? result : curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, bytes);
}

CURLcode sluice_curl_set_headers(CURL *handle, struct curl_slist *list) {
    return curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list);
}

CURLcode sluice_curl_set_error_buffer(CURL *handle, char *buffer) {
    buffer[0] = 0;
    return curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, buffer);
}

CURLcode sluice_curl_on_header(CURL *handle, sluice_curl_taker taker, void *context) {
    CURLcode result = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, taker);
    return result != CURLE_OK ? result : curl_easy_setopt(handle, CURLOPT_HEADERDATA, context);
}

CURLcode sluice_curl_on_body(CURL *handle, sluice_curl_taker taker, void *context) {
    CURLcode result = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, taker);
    return result != CURLE_OK ? result : curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
}

size_t sluice_curl_pause(void) { return CURL_WRITEFUNC_PAUSE; }

static struct sluice_curl_peer peer_of(const struct sockaddr *address, size_t length) {
    struct sluice_curl_peer peer;
    memset(&peer, 0, sizeof peer);
    if (address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in inet;
        memcpy(&inet, address, sizeof inet);
        peer.version = 4;
        memcpy(peer.bytes, &inet.sin_addr, sizeof inet.sin_addr);
    } else if (address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 inet;
        memcpy(&inet, address, sizeof inet);
        peer.version = 6;
        memcpy(peer.bytes, &inet.sin6_addr, sizeof inet.sin6_addr);
        peer.scope = inet.sin6_scope_id;
    }
    return peer;
}

bool sluice_curl_is_own(struct sluice_curl_peer peer) {
    struct ifaddrs *first;
    if (getifaddrs(&first) != 0) return true;
    bool is_own = false;
    for (struct ifaddrs *entry = first; entry != NULL && !is_own; entry = entry->ifa_next) {
        if (entry->ifa_addr == NULL) continue;
        size_t length =
            entry->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
            : entry->ifa_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : 0;
        if (length == 0) continue;
        struct sluice_curl_peer own = peer_of(entry->ifa_addr, length);
        is_own = own.version == peer.version && memcmp(own.bytes, peer.bytes, sizeof own.bytes) == 0;
    }
    freeifaddrs(first);
    return is_own;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    struct sluice_curl_gate *gate = context;
    // The only other purpose is a connection that comes in, which HTTP has no use for.
    if (purpose != CURLSOCKTYPE_IPCXN
        || !gate->judge(gate->context, peer_of(&address->addr, address->addrlen))) {
        return CURL_SOCKET_BAD;
    }
    // libcurl makes it non-blocking itself.
#if defined(SOCK_CLOEXEC)
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
#else
    return socket(address->family, address->socktype, address->protocol);
#endif
}

CURLcode sluice_curl_on_connect(CURL *handle, struct sluice_curl_gate *gate) {
    CURLcode result = curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    return result != CURLE_OK ? result : curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, gate);
}
