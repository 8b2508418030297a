using System.Runtime.InteropServices;

namespace Banyan.Proxy.Tls;

/// <summary>The functions of OpenSSL 3 that the sidecar calls, as they are exported; macros stand beside them.</summary>
/// <remarks>
/// Each function is bound at its first call, so a proxy without TLS loads nothing: whoever is first calls
/// <see cref="OpenSslLibrary.Require"/>. Pointers are opaque. The transition to native code is suppressed only for leaves
/// that neither block nor call back.
/// </remarks>
internal static unsafe partial class OpenSsl
{
    internal const string Ssl = "libssl.so.3";
    internal const string Crypto = "libcrypto.so.3";

    // Context.
    internal const int CtrlMode = 33;
    internal const int CtrlReadAhead = 41;
    internal const int CtrlSessionCacheMode = 44;
    internal const int CtrlMaxCertList = 51;
    internal const int CtrlTicketKeys = 59;
    internal const int CtrlChainCert = 89;
    internal const int CtrlGroupsList = 92;
    internal const int CtrlSignatureAlgorithms = 98;
    internal const int CtrlMinProtocol = 123;
    internal const int CtrlMaxProtocol = 124;
    internal const nint Tls13 = 0x0304;
    internal const nint ModeEnablePartialWrite = 0x1;
    internal const nint ModeAcceptMovingWriteBuffer = 0x2;
    internal const nint ModeAutoRetry = 0x4;
    internal const nint ModeNoAutoChain = 0x8;
    internal const nint ModeReleaseBuffers = 0x10;
    internal const nint SessionCacheOff = 0;
    internal const nint SessionCacheClient = 0x1;
    internal const nint SessionCacheNoInternal = 0x300;
    internal const ulong OptionMiddleboxCompat = 1UL << 20;
    internal const ulong OptionServerPreference = 1UL << 22;
    internal const int VerifyPeer = 0x1;
    internal const int VerifyFailIfNone = 0x2;
    internal const int CallbackLoop = 0x1;

    // Connection.
    internal const int ErrorSsl = 1;
    internal const int ErrorWantRead = 2;
    internal const int ErrorWantWrite = 3;
    internal const int ErrorZeroReturn = 6;
    internal const int AlpnOk = 0;
    internal const int AlpnFatal = 2;

    // Certificates.
    internal const int NidSubjectAltName = 85;
    internal const int NameTypeUri = 6;
    internal const int KeyTypeRsa = 6;
    internal const int KeyTypeEc = 408;
    internal const uint FlagBasicConstraints = 0x1;
    internal const uint FlagCa = 0x10;
    internal const uint FlagInvalid = 0x80;
    internal const uint UsageDigitalSignature = 0x80;
    internal const uint UsageCertSign = 0x4;
    internal const uint UsageCrlSign = 0x2;
    internal const uint UsageAbsent = uint.MaxValue;
    internal const uint ExtendedServer = 0x1;
    internal const uint ExtendedClient = 0x2;

    // BIO.
    internal const int BioTypeSourceSink = 0x400;
    internal const int BioFlagRead = 0x1;
    internal const int BioFlagWrite = 0x2;
    internal const int BioFlagRetry = 0x8;
    internal const int BioFlagsOfRetry = 0xF;
    internal const int BioCtrlFlush = 11;

    // Library and errors.
    internal const ulong InitNoAtExit = 0x80000;

    [LibraryImport(Crypto)]
    internal static partial nuint OpenSSL_version_num();

    [LibraryImport(Ssl)]
    internal static partial int OPENSSL_init_ssl(ulong options, nint settings);

    [LibraryImport(Crypto)]
    internal static partial void ERR_clear_error();

    [LibraryImport(Crypto)]
    internal static partial nuint ERR_get_error();

    [LibraryImport(Crypto)]
    internal static partial byte* ERR_reason_error_string(nuint error);

    [LibraryImport(Ssl)]
    internal static partial nint TLS_method();

    [LibraryImport(Ssl)]
    internal static partial nint SSL_CTX_new(nint method);

    [LibraryImport(Ssl)]
    internal static partial void SSL_CTX_free(nint context);

    [LibraryImport(Ssl)]
    internal static partial nint SSL_CTX_ctrl(nint context, int command, nint number, void* argument);

    [LibraryImport(Ssl)]
    internal static partial ulong SSL_CTX_set_options(nint context, ulong options);

    [LibraryImport(Ssl)]
    internal static partial ulong SSL_CTX_clear_options(nint context, ulong options);

    [LibraryImport(Ssl)]
    internal static partial void SSL_CTX_set_security_level(nint context, int level);

    [LibraryImport(Ssl)]
    internal static partial int SSL_CTX_set_ciphersuites(nint context, byte* names);

    [LibraryImport(Ssl)]
    internal static partial nint SSL_CTX_set_timeout(nint context, nint seconds);

    [LibraryImport(Ssl)]
    internal static partial int SSL_CTX_set_num_tickets(nint context, nuint tickets);

    [LibraryImport(Ssl)]
    internal static partial int SSL_CTX_set_session_id_context(nint context, byte* id, uint length);

    [LibraryImport(Ssl)]
    internal static partial void SSL_CTX_set_verify(nint context, int mode, nint callback);

    [LibraryImport(Ssl)]
    internal static partial void SSL_CTX_set_verify_depth(nint context, int depth);

    [LibraryImport(Ssl)]
    internal static partial void SSL_CTX_set_cert_verify_callback(
        nint context, delegate* unmanaged<nint, nint, int> callback, nint argument);

    [LibraryImport(Ssl)]
    internal static partial void SSL_CTX_set_alpn_select_cb(
        nint context, delegate* unmanaged<nint, byte**, byte*, byte*, uint, nint, int> callback, nint argument);

    [LibraryImport(Ssl)]
    internal static partial void SSL_CTX_sess_set_new_cb(nint context, delegate* unmanaged<nint, nint, int> callback);

    [LibraryImport(Ssl)]
    internal static partial void SSL_CTX_set_info_callback(nint context, delegate* unmanaged<nint, int, int, void> callback);

    [LibraryImport(Ssl)]
    internal static partial int SSL_CTX_use_certificate(nint context, nint certificate);

    [LibraryImport(Ssl)]
    internal static partial int SSL_CTX_use_PrivateKey(nint context, nint key);

    [LibraryImport(Ssl)]
    internal static partial int SSL_CTX_check_private_key(nint context);

    [LibraryImport(Crypto)]
    internal static partial nint d2i_X509(nint reuse, byte** bytes, nint length);

    [LibraryImport(Crypto)]
    internal static partial void X509_free(nint certificate);

    [LibraryImport(Crypto)]
    internal static partial nint d2i_AutoPrivateKey(nint reuse, byte** bytes, nint length);

    [LibraryImport(Crypto)]
    internal static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Crypto)]
    internal static partial int EVP_PKEY_get_base_id(nint key);

    [LibraryImport(Crypto)]
    internal static partial int EVP_PKEY_get_bits(nint key);

    [LibraryImport(Crypto)]
    internal static partial int EVP_PKEY_get_security_bits(nint key);

    [LibraryImport(Crypto)]
    internal static partial nint X509_get0_pubkey(nint certificate);

    [LibraryImport(Crypto)]
    internal static partial nint X509_get0_serialNumber(nint certificate);

    [LibraryImport(Crypto)]
    internal static partial nint X509_get0_notBefore(nint certificate);

    [LibraryImport(Crypto)]
    internal static partial nint X509_get0_notAfter(nint certificate);

    [LibraryImport(Crypto)]
    internal static partial int ASN1_TIME_to_tm(nint time, int* parts);

    [LibraryImport(Crypto)]
    internal static partial uint X509_get_extension_flags(nint certificate);

    [LibraryImport(Crypto)]
    internal static partial uint X509_get_key_usage(nint certificate);

    [LibraryImport(Crypto)]
    internal static partial uint X509_get_extended_key_usage(nint certificate);

    [LibraryImport(Crypto)]
    internal static partial nint X509_get_ext_d2i(nint certificate, int nid, int* critical, int* index);

    [LibraryImport(Crypto)]
    internal static partial void GENERAL_NAMES_free(nint names);

    [LibraryImport(Crypto)]
    internal static partial nint GENERAL_NAME_get0_value(nint name, int* type);

    [LibraryImport(Crypto)]
    internal static partial byte* ASN1_STRING_get0_data(nint text);

    [LibraryImport(Crypto)]
    internal static partial int ASN1_STRING_length(nint text);

    [LibraryImport(Crypto)]
    internal static partial nint OPENSSL_sk_new_null();

    [LibraryImport(Crypto)]
    internal static partial int OPENSSL_sk_push(nint stack, nint item);

    [LibraryImport(Crypto)]
    internal static partial int OPENSSL_sk_num(nint stack);

    [LibraryImport(Crypto)]
    internal static partial nint OPENSSL_sk_value(nint stack, int index);

    [LibraryImport(Crypto)]
    internal static partial void OPENSSL_sk_free(nint stack);

    // Verification.
    [LibraryImport(Crypto)]
    internal static partial nint X509_STORE_CTX_new();

    [LibraryImport(Crypto)]
    internal static partial void X509_STORE_CTX_free(nint verification);

    [LibraryImport(Crypto)]
    internal static partial int X509_STORE_CTX_init(nint verification, nint store, nint leaf, nint untrusted);

    [LibraryImport(Crypto)]
    internal static partial int X509_STORE_CTX_set_default(nint verification, byte* name);

    [LibraryImport(Crypto)]
    internal static partial nint X509_STORE_CTX_get0_param(nint verification);

    [LibraryImport(Crypto)]
    internal static partial void X509_VERIFY_PARAM_set_auth_level(nint parameters, int level);

    [LibraryImport(Crypto)]
    internal static partial nint X509_STORE_CTX_get0_cert(nint verification);

    [LibraryImport(Crypto)]
    internal static partial nint X509_STORE_CTX_get_current_cert(nint verification);

    [LibraryImport(Crypto)]
    internal static partial int X509_STORE_CTX_get_error(nint verification);

    [LibraryImport(Crypto)]
    internal static partial int X509_STORE_CTX_get_error_depth(nint verification);

    [LibraryImport(Crypto)]
    internal static partial void X509_STORE_CTX_set_error(nint verification, int error);

    [LibraryImport(Crypto)]
    internal static partial void X509_STORE_CTX_set0_trusted_stack(nint verification, nint anchors);

    [LibraryImport(Crypto)]
    internal static partial void X509_STORE_CTX_set_time(nint verification, nuint flags, nint unixSeconds);

    [LibraryImport(Crypto)]
    internal static partial nint X509_STORE_CTX_get_ex_data(nint verification, int index);

    [LibraryImport(Ssl)]
    internal static partial int SSL_get_ex_data_X509_STORE_CTX_idx();

    [LibraryImport(Crypto)]
    internal static partial int X509_verify_cert(nint verification);

    [LibraryImport(Crypto)]
    internal static partial byte* X509_verify_cert_error_string(nint error);

    // Connection.
    [LibraryImport(Ssl)]
    internal static partial nint SSL_new(nint context);

    [LibraryImport(Ssl)]
    internal static partial void SSL_free(nint ssl);

    [LibraryImport(Ssl)]
    internal static partial void SSL_set_bio(nint ssl, nint read, nint write);

    [LibraryImport(Ssl)]
    internal static partial nint SSL_get_rbio(nint ssl);

    [LibraryImport(Ssl)]
    internal static partial void SSL_set_accept_state(nint ssl);

    [LibraryImport(Ssl)]
    internal static partial void SSL_set_connect_state(nint ssl);

    [LibraryImport(Ssl)]
    internal static partial int SSL_set_alpn_protos(nint ssl, byte* protocols, uint length);

    [LibraryImport(Ssl)]
    internal static partial void SSL_get0_alpn_selected(nint ssl, byte** protocol, uint* length);

    [LibraryImport(Ssl)]
    internal static partial int SSL_do_handshake(nint ssl);

    [LibraryImport(Ssl)]
    internal static partial int SSL_read_ex(nint ssl, byte* buffer, nuint length, nuint* read);

    [LibraryImport(Ssl)]
    internal static partial int SSL_peek_ex(nint ssl, byte* buffer, nuint length, nuint* read);

    [LibraryImport(Ssl)]
    internal static partial int SSL_write_ex(nint ssl, byte* buffer, nuint length, nuint* written);

    [LibraryImport(Ssl)]
    internal static partial int SSL_has_pending(nint ssl);

    [LibraryImport(Ssl)]
    internal static partial int SSL_get_error(nint ssl, int result);

    [LibraryImport(Ssl)]
    internal static partial int SSL_shutdown(nint ssl);

    [LibraryImport(Ssl)]
    internal static partial nint SSL_get0_peer_certificate(nint ssl);

    [LibraryImport(Ssl)]
    internal static partial int SSL_session_reused(nint ssl);

    [LibraryImport(Ssl)]
    internal static partial int SSL_set_session(nint ssl, nint session);

    [LibraryImport(Ssl)]
    internal static partial int SSL_SESSION_is_resumable(nint session);

    [LibraryImport(Ssl)]
    internal static partial void SSL_SESSION_free(nint session);

    // BIO.
    [LibraryImport(Crypto)]
    internal static partial int BIO_get_new_index();

    [LibraryImport(Crypto)]
    internal static partial nint BIO_meth_new(int type, byte* name);

    [LibraryImport(Crypto)]
    internal static partial int BIO_meth_set_read(nint method, delegate* unmanaged<nint, byte*, int, int> read);

    [LibraryImport(Crypto)]
    internal static partial int BIO_meth_set_write(nint method, delegate* unmanaged<nint, byte*, int, int> write);

    [LibraryImport(Crypto)]
    internal static partial int BIO_meth_set_ctrl(nint method, delegate* unmanaged<nint, int, nint, void*, nint> control);

    [LibraryImport(Crypto)]
    internal static partial nint BIO_new(nint method);

    [LibraryImport(Crypto)]
    internal static partial int BIO_free(nint bio);

    [LibraryImport(Crypto)]
    internal static partial void BIO_set_init(nint bio, int init);

    [LibraryImport(Crypto)]
    [SuppressGCTransition]
    internal static partial void BIO_set_data(nint bio, nint data);

    [LibraryImport(Crypto)]
    [SuppressGCTransition]
    internal static partial nint BIO_get_data(nint bio);

    [LibraryImport(Crypto)]
    [SuppressGCTransition]
    internal static partial void BIO_set_flags(nint bio, int flags);

    [LibraryImport(Crypto)]
    [SuppressGCTransition]
    internal static partial void BIO_clear_flags(nint bio, int flags);

    // Keys and requests.
    [LibraryImport(Crypto)]
    internal static partial nint EVP_PKEY_CTX_new_from_name(nint library, byte* name, byte* properties);

    [LibraryImport(Crypto)]
    internal static partial void EVP_PKEY_CTX_free(nint context);

    [LibraryImport(Crypto)]
    internal static partial int EVP_PKEY_keygen_init(nint context);

    [LibraryImport(Crypto)]
    internal static partial int EVP_PKEY_CTX_set_group_name(nint context, byte* name);

    [LibraryImport(Crypto)]
    internal static partial int EVP_PKEY_generate(nint context, nint* key);

    [LibraryImport(Crypto)]
    internal static partial nint EVP_PKEY2PKCS8(nint key);

    [LibraryImport(Crypto)]
    internal static partial void PKCS8_PRIV_KEY_INFO_free(nint info);

    [LibraryImport(Crypto)]
    internal static partial int i2d_PKCS8_PRIV_KEY_INFO(nint info, byte** output);

    [LibraryImport(Crypto)]
    internal static partial nint EVP_sha256();

    [LibraryImport(Crypto)]
    internal static partial nint X509_REQ_new();

    [LibraryImport(Crypto)]
    internal static partial void X509_REQ_free(nint request);

    [LibraryImport(Crypto)]
    internal static partial int X509_REQ_set_version(nint request, nint version);

    [LibraryImport(Crypto)]
    internal static partial int X509_REQ_set_pubkey(nint request, nint key);

    [LibraryImport(Crypto)]
    internal static partial int X509_REQ_add_extensions(nint request, nint extensions);

    [LibraryImport(Crypto)]
    internal static partial int X509_REQ_sign(nint request, nint key, nint digest);

    [LibraryImport(Crypto)]
    internal static partial int i2d_X509_REQ(nint request, byte** output);

    [LibraryImport(Crypto)]
    internal static partial nint X509V3_EXT_conf_nid(nint configuration, nint context, int nid, byte* value);

    [LibraryImport(Crypto)]
    internal static partial void X509_EXTENSION_free(nint extension);

    [LibraryImport(Crypto)]
    internal static partial int X509_check_private_key(nint certificate, nint key);

    [LibraryImport(Crypto)]
    internal static partial nint X509_get_X509_PUBKEY(nint certificate);

    [LibraryImport(Crypto)]
    internal static partial int i2d_X509_PUBKEY(nint key, byte** output);

    [LibraryImport(Crypto)]
    internal static partial int i2d_X509(nint certificate, byte** output);

    [LibraryImport(Crypto)]
    internal static partial nint X509_STORE_CTX_get0_untrusted(nint verification);
}
