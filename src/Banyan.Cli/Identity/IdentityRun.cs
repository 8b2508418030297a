using System.Security.Cryptography.X509Certificates;

namespace Banyan.Cli.Identity;

/// <summary>Gets a certificate into a folder, and keeps it fresh there.</summary>
/// <param name="calls">The control plane.</param>
/// <param name="files">The folder.</param>
/// <param name="idIn">The identity that is wanted, in a trust domain.</param>
/// <param name="tokenFile">The join token; null without one.</param>
/// <param name="time">The clock.</param>
/// <param name="told">Hears of what was done: the identity, and "written", "kept" or "trust-changed".</param>
internal sealed class IdentityRun(
    CertificateCalls calls,
    IdentityFiles files,
    Func<string, string> idIn,
    string? tokenFile,
    TimeProvider time,
    Action<KeptIdentity, string> told)
{
    private const double Enough = 0.5;
    private const double Earliest = 0.5;
    private const double Latest = 0.8;
    private const string MoreTokens = "banyan token create --workload NAMESPACE/NAME makes one";

    private static readonly TimeSpan TrustInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    /// <summary>Sees to it that there is a certificate with half of its life left, once.</summary>
    /// <exception cref="UserException">There is none.</exception>
    public async Task<KeptIdentity> OnceAsync(CancellationToken cancel)
    {
        var kept = LoadOwn();
        if (kept is not null && kept.Spent(time.GetUtcNow()) < Enough)
        {
            told(kept, "kept");
            return kept;
        }

        return await NextAsync(kept, cancel);
    }

    /// <summary>Renews until it is cancelled.</summary>
    /// <param name="failed">Hears why something did not succeed; it is tried again.</param>
    /// <param name="cancel">Ends it, without an exception.</param>
    /// <exception cref="UserException">The folder cannot be used.</exception>
    public async Task WatchAsync(Action<string> failed, CancellationToken cancel)
    {
        var kept = LoadOwn();
        if (kept is not null && kept.Spent(time.GetUtcNow()) < 1)
        {
            told(kept, "kept");
        }

        var due = Due(kept);
        var failures = 0;
        while (true)
        {
            try
            {
                if (time.GetUtcNow() >= due)
                {
                    kept = await NextAsync(kept, cancel);
                    due = Due(kept);
                }
                else
                {
                    kept = await TrustAsync(kept!, cancel);
                }

                failures = 0;
                await WaitAsync(Least(due - time.GetUtcNow(), TrustInterval), cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (UserException exception)
            {
                failed(exception.Message);
                var full = exception is IdentityRefusedException { IsFinal: true }
                    ? LongestPause
                    : Least(FirstPause * Math.Pow(2, Math.Min(failures++, 10)), LongestPause);
                try
                {
                    await WaitAsync(full * (0.5 + (Random.Shared.NextDouble() / 2)), cancel);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static bool IsSame(IReadOnlyList<X509Certificate2> one, IReadOnlyList<X509Certificate2> other) =>
        one.Count == other.Count && one.All(each => other.Any(known => known.RawDataMemory.Span.SequenceEqual(each.RawDataMemory.Span)));

    /// <summary>By chance, so that a fleet that began together does not renew together.</summary>
    private static DateTimeOffset Due(KeptIdentity? kept) =>
        kept?.At(Earliest + (Random.Shared.NextDouble() * (Latest - Earliest))) ?? DateTimeOffset.MinValue;

    private Task WaitAsync(TimeSpan pause, CancellationToken cancel) =>
        Task.Delay(pause > TimeSpan.Zero ? pause : TimeSpan.Zero, time, cancel);

    private KeptIdentity? LoadOwn()
    {
        if (files.Load() is not { } kept)
        {
            return null;
        }

        var domain = kept.Id.Split('/') is ["spiffe:", "", var found, ..] ? found : "";
        return kept.Id == idIn(domain)
            ? kept
            : throw new UserException(
                $"{files.Folder} holds a certificate of {kept.Id}, not of {idIn(domain)}: give another --out, or remove its files");
    }

    private async Task<KeptIdentity> NextAsync(KeptIdentity? kept, CancellationToken cancel)
    {
        var isValid = kept is not null && kept.Spent(time.GetUtcNow()) < 1;
        if (!isValid)
        {
            return await JoinAsync(kept, cancel);
        }

        try
        {
            return Take(await calls.RenewAsync(kept!, cancel));
        }
        catch (IdentityRefusedException refused) when (refused.IsFinal && File.Exists(tokenFile))
        {
            // Denied, or of a workload that was away: what proves the identity now is the token.
            return await JoinAsync(kept, cancel);
        }
    }

    private KeptIdentity Take(KeptIdentity next)
    {
        files.Save(next);
        told(next, "written");
        return next;
    }

    private async Task<KeptIdentity> TrustAsync(KeptIdentity kept, CancellationToken cancel)
    {
        var anchors = await calls.AnchorsAsync(kept, cancel);
        if (IsSame(anchors, kept.Anchors))
        {
            return kept;
        }

        var next = kept.With(anchors);
        files.Save(next);
        told(next, "trust-changed");
        return next;
    }

    private async Task<KeptIdentity> JoinAsync(KeptIdentity? kept, CancellationToken cancel)
    {
        // Written before the token is gone: it counts once.
        var next = Take(await calls.JoinAsync(ReadToken(kept), idIn, cancel));
        try
        {
            File.Delete(tokenFile!);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"banyan: the used join token could not be removed: {exception.Message}");
        }

        return next;
    }

    private string ReadToken(KeptIdentity? kept)
    {
        var lack = kept is null ? $"{files.Folder} holds no certificate" : $"the certificate ran out at {kept.NotAfter:u}";
        if (!File.Exists(tokenFile))
        {
            throw new UserException(tokenFile is null
                ? $"{lack}, and there is no --join-token to get one with; {MoreTokens}"
                : $"{lack}, and there is no join token in {tokenFile}; {MoreTokens}");
        }

        try
        {
            const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
            if ((File.GetUnixFileMode(tokenFile) & Others) != 0)
            {
                throw new UserException($"{tokenFile} can be read or changed by others: chmod 600 {tokenFile}");
            }

            return new FileInfo(tokenFile).Length <= 1024
                ? File.ReadAllText(tokenFile).Trim()
                : throw new UserException($"{tokenFile} holds no join token; {MoreTokens}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{tokenFile} cannot be read: {exception.Message}");
        }
    }
}
