using System.Security.Cryptography;
using System.Text;
using Banyan.Proxy.Tls;

namespace Banyan.Proxy.Identity;

/// <summary>Certificates as text (RFC 7468). Pure.</summary>
internal static class Pem
{
    /// <summary>Characters that are looked at; a certificate has about a thousand.</summary>
    public const int LongestText = 256 * 1024;

    private const string Label = "CERTIFICATE";

    /// <summary>Every certificate of a text, DER; what stands around them is ignored.</summary>
    /// <param name="text">At most <see cref="LongestText"/>.</param>
    /// <param name="what">For the message.</param>
    /// <exception cref="TlsException">There is none, or something that is none.</exception>
    public static byte[][] Certificates(ReadOnlySpan<char> text, string what)
    {
        if (text.Length > LongestText)
        {
            throw new TlsException($"{what} is longer than {LongestText} characters");
        }

        var found = new List<byte[]>();
        while (PemEncoding.TryFind(text, out var fields))
        {
            if (!text[fields.Label].SequenceEqual(Label))
            {
                throw new TlsException($"{what} holds something that is no certificate: {text[fields.Label]}");
            }

            var der = Convert.FromBase64String(text[fields.Base64Data].ToString());
            Check(der, what);
            found.Add(der);
            text = text[fields.Location.End..];
        }

        return found.Count > 0 ? [.. found] : throw new TlsException($"{what} holds no certificate (PEM)");
    }

    /// <summary>The text of certificates in DER.</summary>
    public static string Write(IEnumerable<byte[]> certificates)
    {
        var text = new StringBuilder();
        foreach (var certificate in certificates)
        {
            text.Append(PemEncoding.Write(Label, certificate)).Append('\n');
        }

        return text.ToString();
    }

    private static void Check(byte[] der, string what)
    {
        OpenSslLibrary.Require();
        OpenSsl.X509_free(Certificate.Parse(der, what));
    }
}
