using System.Text;
using Banyan.Wire.Tls;

namespace Banyan.Proxy.Tls;

/// <summary>The anchors of each trust domain, parsed. Immutable; freed by its one owner.</summary>
/// <remarks>Kept apart by trust domain: of the union, any one could vouch for the names of all.</remarks>
internal sealed class TrustAnchors : IDisposable
{
    private readonly Dictionary<string, nint> _stacks = new(StringComparer.Ordinal);

    /// <summary>Parses the bundles: for each trust domain its anchors in DER.</summary>
    /// <exception cref="TlsException">A name or an anchor is wrong, or a bundle empty.</exception>
    internal TrustAnchors(IReadOnlyDictionary<string, byte[][]> bundles)
    {
        try
        {
            foreach (var (domain, anchors) in bundles)
            {
                Add(domain, anchors);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The stack of anchors of a trust domain, which stays this object's; 0 when there is none.</summary>
    internal nint Of(ReadOnlySpan<byte> trustDomain) => _stacks.GetValueOrDefault(Encoding.ASCII.GetString(trustDomain));

    public void Dispose()
    {
        foreach (var stack in _stacks.Values)
        {
            for (var i = OpenSsl.OPENSSL_sk_num(stack) - 1; i >= 0; i--)
            {
                OpenSsl.X509_free(OpenSsl.OPENSSL_sk_value(stack, i));
            }

            OpenSsl.OPENSSL_sk_free(stack);
        }

        _stacks.Clear();
    }

    private void Add(string domain, byte[][] anchors)
    {
        if (!SpiffeId.IsTrustDomain(Encoding.UTF8.GetBytes(domain)))
        {
            throw new TlsException($"'{domain}' is no trust domain");
        }

        if (anchors.Length == 0)
        {
            throw new TlsException($"the bundle of trust domain {domain} is empty");
        }

        var stack = OpenSsl.OPENSSL_sk_new_null();
        _stacks.Add(domain, stack);
        for (var i = 0; i < anchors.Length; i++)
        {
            _ = OpenSsl.OPENSSL_sk_push(stack, Certificate.Parse(anchors[i], $"anchor {i + 1} of trust domain {domain}"));
        }
    }
}
