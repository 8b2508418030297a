using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Banyan.Model;

namespace Banyan.Control.Identity;

/// <summary>
/// Keys and certificates of the authority as they were read together. Immutable; never disposed, since signatures may
/// be under way when the next one takes its place (a few in the life of a process).
/// </summary>
internal sealed record CaMaterial
{
    private volatile XdsResource? _bundle;

    /// <summary>The root that the issuing certificate leads to.</summary>
    public required X509Certificate2 Root { get; init; }

    /// <summary>Its key; null while it is offline.</summary>
    public ECDsa? RootKey { get; init; }

    /// <summary>The issuing certificate first, then what leads to the root, without it.</summary>
    public required IReadOnlyList<X509Certificate2> Chain { get; init; }

    /// <summary>The key that signs leaves.</summary>
    public required ECDsa IssuingKey { get; init; }

    /// <summary>All roots that are trusted, the signing one first.</summary>
    public required IReadOnlyList<X509Certificate2> Anchors { get; init; }

    /// <summary>What leaves are signed with.</summary>
    public X509Certificate2 Issuing => Chain[0];

    /// <summary>Signing cannot go beyond this.</summary>
    public DateTimeOffset NotAfter => Chain.Append(Root).Min(Certificates.Until);

    /// <summary>From here on the issuing certificate is to be replaced: half of its life is over.</summary>
    public DateTimeOffset RenewAt =>
        Certificates.From(Issuing) + ((Issuing.NotAfter - Issuing.NotBefore) / 2);

    /// <summary>
    /// Its anchors as the resource that proxies get. The same one each time for the same trust domain.
    /// </summary>
    public XdsResource Bundle(string trustDomain)
    {
        // Asked for every second; encoded once.
        if (_bundle is { } had && had.Name == WorkloadIdentity.Domain(trustDomain))
        {
            return had;
        }

        return _bundle = Model.TrustBundle.Of(
            trustDomain, string.Concat(Anchors.Select(each => each.ExportCertificatePem() + "\n")));
    }

    /// <summary>Names the signing root, as join tokens do.</summary>
    public string RootHash => Certificates.KeyHash(Root);

    /// <summary>Reads the files of an authority that exists.</summary>
    /// <exception cref="CaException">
    /// They are not private, not there, not readable, or do not belong together.
    /// </exception>
    public static CaMaterial Read(CaFolder folder)
    {
        folder.Check();
        var root = ReadCertificates(folder, CaFolder.Root) is [var only]
            ? only
            : throw new CaException($"{folder[CaFolder.Root]} holds more than one certificate");
        var chain = ReadCertificates(folder, CaFolder.Issuing);
        if (chain[^1].RawDataMemory.Span.SequenceEqual(root.RawDataMemory.Span) && chain.Count > 1)
        {
            // Brought with its root, as many tools write it.
            chain = [.. chain.SkipLast(1)];
        }

        List<X509Certificate2> anchors =
        [
            root,
            .. folder.Read(CaFolder.Anchors) is null ? [] : ReadCertificates(folder, CaFolder.Anchors),
        ];
        var material = new CaMaterial
        {
            Root = root,
            RootKey = ReadKey(folder, CaFolder.RootKey),
            Chain = chain,
            IssuingKey = ReadKey(folder, CaFolder.Issuing) ?? ReadKey(folder, CaFolder.IssuingKey)
                ?? throw new CaException(
                    $"there is no issuing key: neither in {folder[CaFolder.Issuing]} nor in {CaFolder.IssuingKey}"),
            Anchors = [.. anchors.DistinctBy(each => each.Thumbprint, StringComparer.Ordinal)],
        };
        CaCheck.Require(material, folder);
        return material;
    }

    private static List<X509Certificate2> ReadCertificates(CaFolder folder, string name)
    {
        var text = folder.Read(name) ?? throw new CaException($"{folder[name]} is missing");
        return Parse(text, folder[name]);
    }

    /// <summary>Every certificate of a PEM text, keys left out.</summary>
    /// <exception cref="CaException">It holds none, or one that cannot be read.</exception>
    public static List<X509Certificate2> Parse(string pem, string name)
    {
        try
        {
            X509Certificate2Collection certificates = [];
            certificates.ImportFromPem(pem);
            return certificates.Count > 0
                ? [.. certificates]
                : throw new CaException($"{name} holds no certificate in PEM");
        }
        catch (Exception exception) when (Certificates.IsUnreadable(exception))
        {
            throw new CaException($"{name} is damaged: a certificate in it cannot be read", exception);
        }
    }

    private static ECDsa? ReadKey(CaFolder folder, string name)
    {
        if (folder.Read(name) is not { } text
            || (name == CaFolder.Issuing && !text.Contains("PRIVATE KEY", StringComparison.Ordinal)))
        {
            return null;
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(text);
            return key;
        }
        catch (Exception exception) when (Certificates.IsUnreadable(exception))
        {
            key.Dispose();
            throw new CaException(
                $"{folder[name]} is damaged: it holds no ECDSA key in PEM without a password", exception);
        }
    }
}
