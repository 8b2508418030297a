using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Banyan.Cli.Client;
using Banyan.Model;

namespace Banyan.Cli.Up;

/// <summary>Sees to it that a sidecar that starts can prove who it is: by what it has, or by a join token.</summary>
internal static class SidecarIdentity
{
    /// <summary>It is used within seconds of the sidecar's start, or not at all.</summary>
    private static readonly TimeSpan TokenLife = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan ControlPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan DeniedPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>What of a certificate's life has to be left: by then the sidecar renews it.</summary>
    private static readonly TimeSpan LeastLife = TimeSpan.FromSeconds(5);

    /// <summary>Writes a join token where the sidecar looks for it, unless it has an identity.</summary>
    /// <exception cref="UserException">The control plane does not give out one.</exception>
    public static async Task PrepareAsync(
        StatePaths state, string node, Workload owner, TimeProvider time, CancellationToken cancel)
    {
        var folder = state.Identity(node);
        if (Usable(state, folder, owner, time.GetUtcNow()) is { } serial && !await IsDeniedAsync(state, serial, cancel))
        {
            return;
        }

        if (Directory.Exists(folder))
        {
            // Of another certificate authority, run out or denied: with it the sidecar would try for ever.
            Directory.Delete(folder, recursive: true);
        }

        PrivateFile.Write(state.JoinToken(node), await AskAsync(state, owner, cancel));
    }

    private static async Task<string> AskAsync(StatePaths state, Workload owner, CancellationToken cancel)
    {
        var time = TimeProvider.System;
        using var control = new ControlClient(state);
        var start = time.GetTimestamp();
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                var name = $"{owner.Metadata.Namespace}/{owner.Metadata.Name}";
                return (await control.CreateJoinTokenAsync(name, TokenLife, "up", cancel)).Token;
            }
            catch (UserException exception) when (MayChange(exception) && time.GetElapsedTime(start) < ControlPatience)
            {
                // It starts, or has not read the file yet that the workload stands in.
                await Task.Delay(pause, time, cancel);
            }
        }
    }

    /// <summary>Whether it is worth to ask once more: nobody answered, not ready yet, or no such workload yet.</summary>
    private static bool MayChange(UserException exception) =>
        exception is not RefusedException refused || refused.Status is 404 or 503;

    /// <summary>Whether a certificate was denied. One that cannot be asked about is judged by whom it is shown to.</summary>
    private static async Task<bool> IsDeniedAsync(StatePaths state, string serial, CancellationToken cancel)
    {
        using var control = new ControlClient(state);

        // One that is frozen takes the question and never answers: the sidecar must not wait for it.
        using var patience = new CancellationTokenSource(DeniedPatience, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        while (true)
        {
            try
            {
                return await control.IssuedAsync(serial, either.Token) is { DeniedAt: not null };
            }
            catch (RefusedException)
            {
                return false;
            }
            catch (UserException) when (!patience.IsCancellationRequested)
            {
                await Task.Delay(FirstPause, TimeProvider.System, cancel);
            }
            catch (Exception exception) when (exception is UserException or OperationCanceledException && !cancel.IsCancellationRequested)
            {
                return false;
            }
        }
    }

    /// <summary>The serial of what a sidecar has kept, if the control plane here would take it; else null.</summary>
    private static string? Usable(StatePaths state, string folder, Workload owner, DateTimeOffset now)
    {
        try
        {
            using var leaf = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(folder, "chain.pem")));
            X509Certificate2Collection anchors = [];
            anchors.ImportFromPemFile(Path.Combine(folder, "trust.pem"));
            X509Certificate2Collection roots = [];
            roots.ImportFromPemFile(Path.Combine(state.ControlFolder, "ca", "root.pem"));
            var isUsable = File.Exists(Path.Combine(folder, "key.pem"))
                && leaf.NotAfter.ToUniversalTime() > now.UtcDateTime + LeastLife
                && anchors.Any(anchor => roots.Any(root => root.RawDataMemory.Span.SequenceEqual(anchor.RawDataMemory.Span)))
                && Names(leaf).Any(uri => uri.EndsWith(
                    $"/ns/{owner.Metadata.Namespace}/sa/{WorkloadIdentity.AccountOf(owner)}", StringComparison.Ordinal));
            return isUsable ? leaf.SerialNumber.ToLowerInvariant() : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException
            or System.Formats.Asn1.AsnContentException)
        {
            return null;
        }
    }

    /// <summary>The URIs of a certificate's alternative names.</summary>
    private static IEnumerable<string> Names(X509Certificate2 certificate)
    {
        const string AlternativeNames = "2.5.29.17";
        var extension = certificate.Extensions.FirstOrDefault(each => each.Oid?.Value == AlternativeNames);
        if (extension is null)
        {
            return [];
        }

        var reader = new System.Formats.Asn1.AsnReader(extension.RawData, System.Formats.Asn1.AsnEncodingRules.DER);
        var names = reader.ReadSequence();
        var uri = new System.Formats.Asn1.Asn1Tag(System.Formats.Asn1.TagClass.ContextSpecific, 6);
        List<string> found = [];
        while (names.HasData)
        {
            if (names.PeekTag().HasSameClassAndValue(uri))
            {
                found.Add(names.ReadCharacterString(System.Formats.Asn1.UniversalTagNumber.IA5String, uri));
            }
            else
            {
                names.ReadEncodedValue();
            }
        }

        return found;
    }
}
