using System.Globalization;
using Banyan.Control.Identity;
using Banyan.Control.Store;
using Banyan.Control.Store.Persistence;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>The certificate authority: its state, what it issued, denials.</summary>
internal sealed class CertificatesEndpoint(
    CertificateAuthority authority, IdentityParts parts, ConfigStore store, IDatabase database, TimeProvider time)
{
    private const int DefaultLimit = 50;
    private const int MostSerial = 80;

    /// <summary>GET /api/v1/certificates.</summary>
    public async Task StatusAsync(HttpContext context)
    {
        var now = time.GetUtcNow();
        var identities = await store.ReadAsync(_ => database.Identities(now));
        var material = authority.Material;
        await Reply.JsonAsync(
            context,
            new CertificatesDocument(
                material is null ? "not-ready" : now > material.NotAfter ? "expired" : "ready",
                MeshIdentities.Mesh(store.View).TrustDomain,
                authority.Problem,
                material is null ? null : Entry(material.Root),
                material?.RootKey is not null,
                material is null ? null : Entry(material.Issuing),
                material?.RenewAt,
                [.. (material?.Anchors ?? []).Select(Entry)],
                [.. identities.Select(Entry)],
                [.. parts.Refusals.Read().Select(each => new RefusalEntry(each.Key, each.Value))]),
            ApiJson.Default.CertificatesDocument);
    }

    /// <summary>GET /api/v1/certificates/issued.</summary>
    public async Task IssuedAsync(HttpContext context)
    {
        var (identity, serial) = (QueryValues.Text(context, "identity"), QueryValues.Text(context, "serial"));
        var limit = (int)(QueryValues.Number(context, "limit", 1, 500) ?? DefaultLimit);
        var issued = await store.ReadAsync(_ => database.Issued(identity, serial, limit));
        await Reply.JsonAsync(
            context, new IssuedList([.. issued.Select(Entry)]), ApiJson.Default.IssuedList);
    }

    /// <summary>POST /api/v1/certificates/{serial}/deny.</summary>
    public async Task DenyAsync(HttpContext context)
    {
        // As openssl writes them, too: in capitals, with colons.
        var serial = ((string)context.Request.RouteValues["serial"]!)
            .Replace(":", "", StringComparison.Ordinal).TrimStart('0').ToLowerInvariant();
        if (serial.Length is 0 or > MostSerial || !serial.All(char.IsAsciiHexDigit))
        {
            throw new BadParameterException("serial", "is the hexadecimal number of a certificate");
        }

        var (now, origin) = (time.GetUtcNow(), Caller.Origin(context, "certs deny"));
        var denied = await store.ReadAsync(_ => database.Deny(serial, now, origin.Entry(0, now, serial)));
        if (denied is not null)
        {
            parts.Denied.Add(serial);
            parts.Keeper.Publish();
            parts.Gate.EndStreams();
        }

        await (denied is not null
            ? Reply.JsonAsync(context, Entry(denied), ApiJson.Default.IssuedEntry)
            : Reply.ProblemAsync(
                context, StatusCodes.Status404NotFound, $"no certificate {serial} was issued here", "serial"));
    }

    /// <summary>An identity as it is shown.</summary>
    internal static IdentityEntry Entry(IdentityCount each) => new(each.Identity, each.Valid, Time(each.NotAfter));

    private static CertificateEntry Entry(System.Security.Cryptography.X509Certificates.X509Certificate2 certificate) =>
        new(
            certificate.Subject,
            Certificates.Serial(certificate),
            Certificates.KeyHash(certificate),
            Certificates.From(certificate),
            Certificates.Until(certificate));

    private static IssuedEntry Entry(Issuance each) => new(
        each.Serial, each.Identity, Time(each.IssuedAt), Time(each.NotAfter), each.Proof, each.ProofId,
        each.DeniedAt is { } at ? Time(at) : null);

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>Answer of GET /api/v1/certificates.</summary>
/// <param name="State">ready, not-ready or expired.</param>
/// <param name="TrustDomain">Of all identities.</param>
/// <param name="Problem">Why files that changed are not in use, or why nothing is issued; absent = all is well.</param>
/// <param name="Root">The root that signs.</param>
/// <param name="RootKeyPresent">Whether the issuing certificate can be renewed without help.</param>
/// <param name="Issuing">What signs leaves.</param>
/// <param name="RenewAt">When the issuing certificate is renewed, or from when on it has to be.</param>
/// <param name="Anchors">All roots that are trusted.</param>
/// <param name="Identities">Who has certificates that are valid.</param>
/// <param name="Refusals">What was refused since the start, by reason.</param>
public sealed record CertificatesDocument(
    string State,
    string TrustDomain,
    string? Problem,
    CertificateEntry? Root,
    bool RootKeyPresent,
    CertificateEntry? Issuing,
    DateTimeOffset? RenewAt,
    IReadOnlyList<CertificateEntry> Anchors,
    IReadOnlyList<IdentityEntry> Identities,
    IReadOnlyList<RefusalEntry> Refusals);

/// <summary>A certificate of the authority.</summary>
/// <param name="Subject">Its name.</param>
/// <param name="Serial">Hexadecimal digits.</param>
/// <param name="KeyHash">SHA-256 of its public key, as join tokens name it.</param>
/// <param name="NotBefore">Valid from.</param>
/// <param name="NotAfter">Valid until.</param>
public sealed record CertificateEntry(
    string Subject, string Serial, string KeyHash, DateTimeOffset NotBefore, DateTimeOffset NotAfter);

/// <summary>An identity that has valid certificates.</summary>
/// <param name="Identity">The SPIFFE ID.</param>
/// <param name="Valid">How many.</param>
/// <param name="NotAfter">When the last one ends.</param>
public sealed record IdentityEntry(string Identity, long Valid, DateTimeOffset NotAfter);

/// <summary>Certificates that were refused.</summary>
/// <param name="Reason">One word.</param>
/// <param name="Count">How often, since the start.</param>
public sealed record RefusalEntry(string Reason, long Count);

/// <summary>Answer of GET /api/v1/certificates/issued.</summary>
public sealed record IssuedList(IReadOnlyList<IssuedEntry> Items);

/// <summary>A certificate that was issued.</summary>
/// <param name="Serial">Names it, for denying.</param>
/// <param name="Identity">The SPIFFE ID.</param>
/// <param name="IssuedAt">When it was issued.</param>
/// <param name="NotAfter">Valid until.</param>
/// <param name="Proof">token, certificate or control.</param>
/// <param name="ProofId">The token's id, or the serial of the certificate that was the proof.</param>
/// <param name="DeniedAt">When it was denied; absent = it counts.</param>
public sealed record IssuedEntry(
    string Serial,
    string Identity,
    DateTimeOffset IssuedAt,
    DateTimeOffset NotAfter,
    string Proof,
    string ProofId,
    DateTimeOffset? DeniedAt);
