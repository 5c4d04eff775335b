/*
 * The runtime's native part: what JavaScript cannot do to the process it runs in.
 *
 * It calls OpenSSL inside the node executable, which exports it. Node-API is stable across versions, so the few functions used
 * are declared here instead of taken from node's headers: https://nodejs.org/api/n-api.html, RAND_add(3ossl), EVP_RAND(7ossl).
 */
#define _DEFAULT_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
/* napi_status: 0 is success. */
extern int napi_get_cb_info(napi_env, napi_callback_info, size_t *, napi_value *, napi_value *, void **);
extern int napi_get_buffer_info(napi_env, napi_value, void **, size_t *);
extern int napi_get_value_string_latin1(napi_env, napi_value, char *, size_t, size_t *);
extern int napi_get_boolean(napi_env, bool, napi_value *);
extern int napi_create_uint32(napi_env, unsigned, napi_value *);
extern int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
extern int napi_set_named_property(napi_env, napi_value, const char *, napi_value);

/* OSSL_PARAM of openssl/core.h: passed by value, so its layout counts. */
typedef struct {
    const char *key;
    unsigned type;
    void *data;
    size_t size, written;
} parameter;
extern void RAND_add(const void *, int, double);
extern int RAND_status(void);
extern void *RAND_get0_public(void *);
extern int EVP_RAND_CTX_get_params(void *, parameter *);
extern parameter OSSL_PARAM_construct_uint(const char *, unsigned *);
extern parameter OSSL_PARAM_construct_end(void);

enum { SEED_BYTES = 32, STATE_BYTES = 16, LONGEST_TEXT = 256 };

/*
 * refresh(text, state): reseeds OpenSSL's primary generator from the kernel and the text, and fills the 16 bytes of `state`
 * from other bytes of the kernel's and the text. Whether all of that succeeded.
 */
static napi_value refresh(napi_env env, napi_callback_info info) {
    size_t count = 2, length = 0, size = 0;
    napi_value arguments[2], result = NULL;
    unsigned char bytes[SEED_BYTES + LONGEST_TEXT], *state = NULL, kernel[SEED_BYTES + STATE_BYTES];
    char *text = (char *)bytes + SEED_BYTES;
    bool seeded = false;
    if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == 0 && count == 2
        && napi_get_value_string_latin1(env, arguments[0], text, LONGEST_TEXT, &length) == 0
        && napi_get_buffer_info(env, arguments[1], (void **)&state, &size) == 0 && size == STATE_BYTES
        && getrandom(kernel, sizeof kernel, 0) == sizeof kernel) {
        memcpy(bytes, kernel, SEED_BYTES);
        RAND_add(bytes, (int)(SEED_BYTES + length), SEED_BYTES);
        seeded = RAND_status() == 1;
        memcpy(state, kernel + SEED_BYTES, STATE_BYTES);
        for (size_t index = 0; index < length; index++) state[index % STATE_BYTES] ^= (unsigned char)text[index];
        explicit_bzero(bytes, sizeof bytes);
        explicit_bzero(kernel, sizeof kernel);
    }
    napi_get_boolean(env, seeded, &result);
    return result;
}

/*
 * reseeds(): how often this thread's public generator has taken a new seed. It does so when it is first used after the primary
 * generator did: between two draws a changed count tells that the second one came from the generator. 0 if there is no count.
 */
static napi_value reseeds(napi_env env, napi_callback_info info) {
    (void)info;
    unsigned reseeds = 0;
    napi_value result = NULL;
    parameter wanted[] = {OSSL_PARAM_construct_uint("reseed_counter", &reseeds), OSSL_PARAM_construct_end()};
    void *generator = RAND_get0_public(NULL);
    if (generator == NULL || EVP_RAND_CTX_get_params(generator, wanted) != 1) reseeds = 0;
    napi_create_uint32(env, reseeds, &result);
    return result;
}

static void offer(napi_env env, napi_value exports, const char *name, napi_callback call) {
    napi_value function;
    if (napi_create_function(env, name, strlen(name), call, NULL, &function) == 0) {
        napi_set_named_property(env, exports, name, function);
    }
}

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
    offer(env, exports, "refresh", refresh);
    offer(env, exports, "reseeds", reseeds);
    return exports;
}
