using System.Globalization;

namespace Banyan.Proxy.Tls;

/// <summary>Reads what matters of an X.509 certificate; each method takes a pointer that stays the caller's.</summary>
internal static unsafe class Certificate
{
    /// <summary>Reads a certificate from DER; the caller frees it.</summary>
    /// <exception cref="TlsException">It is none, or bytes follow it.</exception>
    internal static nint Parse(ReadOnlySpan<byte> der, string what)
    {
        fixed (byte* bytes = der)
        {
            var next = bytes;
            var certificate = OpenSsl.d2i_X509(0, &next, der.Length);
            if (certificate != 0 && next == bytes + der.Length)
            {
                return certificate;
            }

            if (certificate != 0)
            {
                OpenSsl.X509_free(certificate);
            }

            throw new TlsException($"{what} is no certificate: {OpenSslLibrary.LastError()}");
        }
    }

    /// <summary>Begin of validity, seconds since 1970.</summary>
    internal static long NotBefore(nint certificate) => Seconds(OpenSsl.X509_get0_notBefore(certificate));

    /// <summary>End of validity, seconds since 1970.</summary>
    internal static long NotAfter(nint certificate) => Seconds(OpenSsl.X509_get0_notAfter(certificate));

    /// <summary>Its serial: hexadecimal digits in lower case, without leading zeros.</summary>
    internal static string Serial(nint certificate)
    {
        var serial = OpenSsl.X509_get0_serialNumber(certificate);
        var bytes = new ReadOnlySpan<byte>(OpenSsl.ASN1_STRING_get0_data(serial), OpenSsl.ASN1_STRING_length(serial));
        return Convert.ToHexStringLower(bytes).TrimStart('0');
    }

    /// <summary>The certificate in DER.</summary>
    internal static byte[] Encoded(nint certificate) => Encode(certificate, &OpenSsl.i2d_X509);

    /// <summary>Its SubjectPublicKeyInfo in DER.</summary>
    internal static byte[] PublicKey(nint certificate) =>
        Encode(OpenSsl.X509_get_X509_PUBKEY(certificate), &OpenSsl.i2d_X509_PUBKEY);

    /// <summary>What one of OpenSSL's encoders makes of an object.</summary>
    /// <exception cref="TlsException">It makes nothing of it.</exception>
    internal static byte[] Encode(nint thing, delegate*<nint, byte**, int> encoder)
    {
        var size = thing == 0 ? -1 : encoder(thing, null);
        if (size <= 0)
        {
            throw new TlsException($"OpenSSL cannot write this: {OpenSslLibrary.LastError()}");
        }

        var der = new byte[size];
        fixed (byte* bytes = der)
        {
            // It moves the pointer on.
            var next = bytes;
            _ = encoder(thing, &next);
        }

        return der;
    }

    /// <summary>How many URIs the certificate names, several extensions counting as several; and the last of them.</summary>
    internal static int Uris(nint certificate, out byte[] uri)
    {
        uri = [];
        int critical;
        var names = OpenSsl.X509_get_ext_d2i(certificate, OpenSsl.NidSubjectAltName, &critical, null);
        if (names == 0)
        {
            // -1: there is none; -2: there are several; else it cannot be read, and names nobody.
            return critical == -2 ? 2 : 0;
        }

        var found = 0;
        var count = OpenSsl.OPENSSL_sk_num(names);
        for (var i = 0; i < count; i++)
        {
            int type;
            var value = OpenSsl.GENERAL_NAME_get0_value(OpenSsl.OPENSSL_sk_value(names, i), &type);
            if (type == OpenSsl.NameTypeUri)
            {
                found++;
                uri = new ReadOnlySpan<byte>(OpenSsl.ASN1_STRING_get0_data(value), OpenSsl.ASN1_STRING_length(value)).ToArray();
            }
        }

        OpenSsl.GENERAL_NAMES_free(names);
        return found;
    }

    internal static string Text(long unixSeconds) => DateTimeOffset.FromUnixTimeSeconds(unixSeconds)
        .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static long Seconds(nint time)
    {
        // struct tm: nine ints, and more behind them on some systems.
        var parts = stackalloc int[32];
        // Years that a calendar of ours does not have: such a certificate has no time at which it is valid.
        return OpenSsl.ASN1_TIME_to_tm(time, parts) == 1 && parts[5] is > -1900 and < 8100
            ? new DateTimeOffset(parts[5] + 1900, parts[4] + 1, parts[3], parts[2], parts[1], Math.Min(parts[0], 59), TimeSpan.Zero)
                .ToUnixTimeSeconds()
            : 0;
    }
}
