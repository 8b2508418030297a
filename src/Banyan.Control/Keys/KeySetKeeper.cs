using System.Collections.Immutable;
using Banyan.Control.Store;
using Banyan.Model;
using Banyan.Rules.Tokens;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Keys;

/// <summary>
/// Reads the keys of the issuers that AuthorizationPolicies name, again and again, and hands them to the compiler.
/// Sidecars ask nobody. What was read stays in effect while it cannot be read again.
/// </summary>
internal sealed class KeySetKeeper : IDisposable
{
    private const int AtOnce = 8;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ConfigStore _store;
    private readonly KeySetFolder _folder;
    private readonly TimeSpan _refresh;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;
    private Dictionary<string, KeySetSource> _sources = new(StringComparer.Ordinal);
    private IReadOnlyDictionary<ObjectKey, StoredObject>? _seen;
    private volatile IReadOnlyList<KeySetStatus> _status = [];

    public KeySetKeeper(ConfigStore store, KeySetFolder folder, TimeSpan refresh, ILogger log, TimeProvider time)
    {
        (_store, _folder, _refresh, _log, _time) = (store, folder, refresh, log, time);
        _client = new HttpClient(new SocketsHttpHandler
        {
            // A redirect would be another issuer's word.
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            ConnectTimeout = Patience,
        })
        {
            Timeout = Patience,
            MaxResponseContentBufferSize = TokenLimits.KeySet,
        };
    }

    /// <summary>Every source, for people. Thread-safe.</summary>
    public IReadOnlyList<KeySetStatus> Status => _status;

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    /// <summary>Runs until the control plane stops.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        await _store.Ready.WaitAsync(cancel);
        using var timer = new PeriodicTimer(Pause, _time);
        do
        {
            try
            {
                await LookAsync(cancel);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.RoundFailed(_log, exception);
            }
        }
        while (await timer.WaitForNextTickAsync(cancel));
    }

    private static (string Name, string? Url, string? File) Place(
        StoredObject item, AuthorizationPolicy policy, PolicyTokenKeys keys)
    {
        const string FromFile = "file:";
        var name = TokenKeys.NameOf(policy, keys);
        if (keys.Url.Length > 0)
        {
            return (name, keys.Url, null);
        }

        var folder = item.Owner.StartsWith(FromFile, StringComparison.Ordinal)
            ? Path.GetDirectoryName(item.Owner[FromFile.Length..])
            : null;
        return folder is null || keys.File.Contains('\0', StringComparison.Ordinal)
            ? (name, null, null)
            : (name, null, Path.GetFullPath(Path.Combine(folder, keys.File)));
    }

    private async Task LookAsync(CancellationToken cancel)
    {
        var isChanged = Follow(_store.View);
        var now = _time.GetUtcNow();
        var due = _sources.Values.Where(source => source.IsDue(now)).ToList();
        if (due.Count > 0)
        {
            var changes = 0;
            var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel };
            await Parallel.ForEachAsync(due, options, async (source, stop) =>
            {
                if (await source.LookAsync(_client, _refresh, _time, stop))
                {
                    Interlocked.Increment(ref changes);
                    Told(source);
                }
            });
            isChanged |= changes > 0;
        }

        if (due.Count > 0 || isChanged)
        {
            _status =
            [
                .. _sources.Values.OrderBy(source => source.Name, StringComparer.Ordinal).Select(KeySetStatus.Of),
            ];
        }

        if (isChanged)
        {
            var sets = _sources.Values.Where(source => source.Problem is not null || source.Json is not null)
                .ToImmutableDictionary(
                    source => source.Name,
                    source => new TokenKeySet(source.Json, source.Problem ?? ""),
                    StringComparer.Ordinal);
            await _store.ChangeAsync<bool>(state =>
            {
                state.Keys = new TokenKeys { Sets = sets };
                return _ => true;
            });
        }
    }

    /// <summary>Takes up the sources that policies name now; true when one is gone.</summary>
    private bool Follow(StoreView view)
    {
        if (ReferenceEquals(view.Objects, _seen))
        {
            return false;
        }

        _seen = view.Objects;
        Dictionary<string, KeySetSource> sources = new(StringComparer.Ordinal);
        foreach (var item in view.Objects.Values)
        {
            if (item.Written is not AuthorizationPolicy policy)
            {
                continue;
            }

            foreach (var (name, url, file) in policy.Spec.Jwt.Select(token => Place(item, policy, token.Jwks)))
            {
                var known = _sources.GetValueOrDefault(name);
                var source = known is not null && known.Place == (url ?? file ?? name)
                    ? known
                    : new KeySetSource(name, url, file)
                    {
                        Json = known?.Json ?? view.Keys.Sets.GetValueOrDefault(name)?.Json,
                    };
                sources.TryAdd(name, source);
            }
        }

        var gone = _sources.Keys.Concat(view.Keys.Sets.Keys).Distinct(StringComparer.Ordinal)
            .Where(name => !sources.ContainsKey(name)).ToList();
        gone.ForEach(_folder.Remove);
        _sources = sources;
        return gone.Count > 0;
    }

    private void Told(KeySetSource source)
    {
        if (source.Problem is { Length: > 0 } problem)
        {
            if (source.Json is null or SigningKeySet.None)
            {
                Log.Missing(_log, source.Place, problem);
            }
            else
            {
                Log.Stale(_log, source.Place, problem);
            }
        }

        if (source.Json is SigningKeySet.None || (source.Json is not null && source.Problem is not { Length: > 0 }))
        {
            _folder.Save(source.Name, source.Json);
            Log.Read(_log, source.Place, KeySetStatus.Count(source.Json));
        }
    }
}

/// <summary>A source of keys, as the API shows it.</summary>
/// <param name="Source">The URL or the file.</param>
/// <param name="Keys">How many keys of it are in effect.</param>
/// <param name="Problem">Why it could not be read the last time; empty when it could.</param>
/// <param name="Failures">Times that it could not be read since this control plane started.</param>
/// <param name="ReadAt">When it could be read last; null when never since this control plane started.</param>
public sealed record KeySetStatus(string Source, int Keys, string Problem, long Failures, DateTimeOffset? ReadAt)
{
    internal static KeySetStatus Of(KeySetSource source) => new(
        source.Place,
        source.Json is null ? 0 : Count(source.Json),
        source.Problem ?? "",
        source.Failures,
        source.ReadAt);

    internal static int Count(string json) =>
        SigningKeySet.TryRead(System.Text.Encoding.UTF8.GetBytes(json), out var keys, out _) ? keys.Count : 0;
}
