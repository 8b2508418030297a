using System.Text;
using Banyan.Proxy.Tls;
using Banyan.Wire.Tls;

namespace Banyan.Proxy.Identity;

/// <summary>Who this proxy is: its key, what the control plane certified, and whom it trusts. Immutable.</summary>
internal sealed record ProxyIdentity
{
    private ProxyIdentity(string id, string trustDomain, TlsIdentity proof, byte[][] anchors, string serial, long notBefore, long notAfter) =>
        (Id, TrustDomain, Proof, Anchors, Serial, NotBefore, NotAfter) = (id, trustDomain, proof, anchors, serial, notBefore, notAfter);

    /// <summary>The SPIFFE ID.</summary>
    public string Id { get; }

    public string TrustDomain { get; }

    /// <summary>Key and chain.</summary>
    public TlsIdentity Proof { get; }

    /// <summary>Anchors of <see cref="TrustDomain"/>, DER.</summary>
    public byte[][] Anchors { get; private init; }

    /// <summary>The leaf's serial, as lists of denied ones write it.</summary>
    public string Serial { get; }

    /// <summary>The leaf's begin, seconds since 1970.</summary>
    public long NotBefore { get; }

    /// <summary>The leaf's end, seconds since 1970.</summary>
    public long NotAfter { get; }

    /// <summary>What a <see cref="TlsSettings"/> needs of the anchors.</summary>
    public IReadOnlyDictionary<string, byte[][]> Bundles =>
        new Dictionary<string, byte[][]>(StringComparer.Ordinal) { [TrustDomain] = Anchors };

    /// <summary>The identity of the control plane of a trust domain.</summary>
    public static string ControlPlaneOf(string trustDomain) => $"spiffe://{trustDomain}/ns/banyan-system/sa/control-plane";

    /// <summary>Puts one together.</summary>
    /// <exception cref="TlsException">The parts do not fit together; the message says which.</exception>
    public static unsafe ProxyIdentity Create(byte[] key, IReadOnlyList<byte[]> chain, byte[][] anchors)
    {
        OpenSslLibrary.Require();
        if (chain.Count == 0)
        {
            throw new TlsException("there is no certificate");
        }

        if (!PrivateKey.Fits(key, chain[0]))
        {
            throw new TlsException("the certificate is not that of the private key");
        }

        var leaf = Certificate.Parse(chain[0], "the own certificate");
        try
        {
            if (Certificate.Uris(leaf, out var uri) != 1 || !SpiffeId.TryRead(uri, out var domain))
            {
                throw new TlsException("the own certificate has no SPIFFE ID");
            }

            var trustDomain = Encoding.ASCII.GetString(domain);
            Check(trustDomain, anchors);
            return new ProxyIdentity(
                Encoding.ASCII.GetString(uri),
                trustDomain,
                new TlsIdentity(key, chain),
                anchors,
                Certificate.Serial(leaf),
                Certificate.NotBefore(leaf),
                Certificate.NotAfter(leaf));
        }
        finally
        {
            OpenSsl.X509_free(leaf);
        }
    }

    /// <summary>The same identity with other anchors.</summary>
    /// <exception cref="TlsException">One of them is none.</exception>
    public ProxyIdentity With(byte[][] anchors)
    {
        Check(TrustDomain, anchors);
        return this with { Anchors = anchors };
    }

    /// <summary>Whether its time has come and is not over.</summary>
    public bool IsValidAt(DateTimeOffset now) => now.ToUnixTimeSeconds() is var seconds && seconds >= NotBefore && seconds < NotAfter;

    /// <summary>Nothing of the key.</summary>
    public override string ToString() => $"{Id} until {Certificate.Text(NotAfter)}";

    private static void Check(string trustDomain, byte[][] anchors) =>
        new TrustAnchors(new Dictionary<string, byte[][]>(StringComparer.Ordinal) { [trustDomain] = anchors }).Dispose();
}
