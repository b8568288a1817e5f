// libcurl for Swift: its functions with a variable number of arguments, and what its callbacks get from the C library.

#ifndef SLUICE_CCURL_H
#define SLUICE_CCURL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

/// Prepares libcurl for the process, on the first call only; every call answers what the first one did.
CURLcode sluice_curl_prepare(void);

/// Keeps a write to a closed connection from killing the process when it is done on the calling thread.
void sluice_curl_guard_thread(void);

CURLcode sluice_curl_set_long(CURL *_Nonnull handle, CURLoption option, long value);
CURLcode sluice_curl_set_string(CURL *_Nonnull handle, CURLoption option, const char *_Nonnull value);

/// The handle keeps a copy of the bytes.
CURLcode sluice_curl_set_body(CURL *_Nonnull handle, const void *_Nonnull bytes, size_t length);

/// The handle does not own the list, which must outlive it.
CURLcode sluice_curl_set_headers(CURL *_Nonnull handle, struct curl_slist *_Nullable list);

/// At least `CURL_ERROR_SIZE` bytes that outlive the handle.
CURLcode sluice_curl_set_error_buffer(CURL *_Nonnull handle, char *_Nonnull buffer);

/// Answers how many of the bytes it took; fewer than all of them ends the transfer.
typedef size_t (*sluice_curl_taker)(char *_Nullable bytes, size_t size, size_t count, void *_Nullable context);

CURLcode sluice_curl_on_header(CURL *_Nonnull handle, sluice_curl_taker _Nonnull taker, void *_Nonnull context);
CURLcode sluice_curl_on_body(CURL *_Nonnull handle, sluice_curl_taker _Nonnull taker, void *_Nonnull context);

/// What the body's taker answers when it has no room at the moment.
size_t sluice_curl_pause(void);

/// The other end of a connection that is about to be made.
struct sluice_curl_peer {
    /// 4 or 6; 0 for anything else than an internet address.
    int version;
    /// In network order; an IPv4 address fills the first four.
    uint8_t bytes[16];
    /// The interface that an IPv6 address belongs to; 0 for none.
    uint32_t scope;
};

/// Whether an interface of this machine has the address; yes where that cannot be found out.
bool sluice_curl_is_own(struct sluice_curl_peer peer);

/// Whether a connection to this address may be made.
typedef bool (*sluice_curl_judge)(void *_Nonnull context, struct sluice_curl_peer peer);

/// Asks before every connection, with the address that will really be connected to. It must outlive the handle.
struct sluice_curl_gate {
    sluice_curl_judge _Nonnull judge;
    void *_Nonnull context;
};

CURLcode sluice_curl_on_connect(CURL *_Nonnull handle, struct sluice_curl_gate *_Nonnull gate);

#endif
