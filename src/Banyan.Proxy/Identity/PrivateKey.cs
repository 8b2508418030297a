using System.Text;
using Banyan.Proxy.Tls;

namespace Banyan.Proxy.Identity;

/// <summary>Makes a key and asks for a certificate with it (PKCS#10). Thread-safe; takes about a millisecond.</summary>
internal static unsafe class PrivateKey
{
    /// <summary>A new key on P-256, PKCS#8 in DER. A secret.</summary>
    /// <exception cref="TlsException">OpenSSL is missing, or refuses.</exception>
    internal static byte[] Generate()
    {
        OpenSslLibrary.Require();
        OpenSsl.ERR_clear_error();
        nint context, key = 0, info = 0;
        fixed (byte* name = "EC\0"u8, group = "P-256\0"u8)
        {
            context = OpenSsl.EVP_PKEY_CTX_new_from_name(0, name, null);
            try
            {
                Require(
                    context != 0
                    && OpenSsl.EVP_PKEY_keygen_init(context) == 1
                    && OpenSsl.EVP_PKEY_CTX_set_group_name(context, group) == 1
                    && OpenSsl.EVP_PKEY_generate(context, &key) == 1,
                    "make a key");
                info = OpenSsl.EVP_PKEY2PKCS8(key);
                return Certificate.Encode(info, &OpenSsl.i2d_PKCS8_PRIV_KEY_INFO);
            }
            finally
            {
                OpenSsl.PKCS8_PRIV_KEY_INFO_free(info);
                OpenSsl.EVP_PKEY_free(key);
                OpenSsl.EVP_PKEY_CTX_free(context);
            }
        }
    }

    /// <summary>A request for a certificate of that identity, signed with the key; DER.</summary>
    /// <param name="pkcs8">What <see cref="Generate"/> made.</param>
    /// <param name="id">The SPIFFE ID; it becomes the one URI of the request.</param>
    /// <exception cref="TlsException">The key is none, or OpenSSL refuses.</exception>
    internal static byte[] Request(byte[] pkcs8, string id)
    {
        OpenSsl.ERR_clear_error();
        var key = Parse(pkcs8);
        var request = OpenSsl.X509_REQ_new();
        var extensions = OpenSsl.OPENSSL_sk_new_null();
        nint name = 0;
        try
        {
            fixed (byte* value = Encoding.ASCII.GetBytes($"URI:{id}\0"))
            {
                name = OpenSsl.X509V3_EXT_conf_nid(0, 0, OpenSsl.NidSubjectAltName, value);
            }

            Require(name != 0 && OpenSsl.OPENSSL_sk_push(extensions, name) == 1, $"name {id}");
            Require(
                OpenSsl.X509_REQ_set_version(request, 0) == 1
                && OpenSsl.X509_REQ_set_pubkey(request, key) == 1
                && OpenSsl.X509_REQ_add_extensions(request, extensions) == 1
                && OpenSsl.X509_REQ_sign(request, key, OpenSsl.EVP_sha256()) > 0,
                "sign a request");
            return Certificate.Encode(request, &OpenSsl.i2d_X509_REQ);
        }
        finally
        {
            OpenSsl.X509_EXTENSION_free(name);
            OpenSsl.OPENSSL_sk_free(extensions);
            OpenSsl.X509_REQ_free(request);
            OpenSsl.EVP_PKEY_free(key);
        }
    }

    /// <summary>Whether the certificate (DER) is that of the key.</summary>
    /// <exception cref="TlsException">One of them cannot be read.</exception>
    internal static bool Fits(byte[] pkcs8, byte[] certificate)
    {
        OpenSslLibrary.Require();
        var key = Parse(pkcs8);
        try
        {
            var leaf = Certificate.Parse(certificate, "the own certificate");
            var fits = OpenSsl.X509_check_private_key(leaf, key) == 1;
            OpenSsl.X509_free(leaf);
            OpenSsl.ERR_clear_error();
            return fits;
        }
        finally
        {
            OpenSsl.EVP_PKEY_free(key);
        }
    }

    private static nint Parse(byte[] pkcs8)
    {
        fixed (byte* bytes = pkcs8)
        {
            var next = bytes;
            var key = OpenSsl.d2i_AutoPrivateKey(0, &next, pkcs8.Length);
            Require(key != 0, "read the private key");
            return key;
        }
    }

    private static void Require(bool good, string what)
    {
        if (!good)
        {
            throw new TlsException($"OpenSSL cannot {what}: {OpenSslLibrary.LastError()}");
        }
    }
}
