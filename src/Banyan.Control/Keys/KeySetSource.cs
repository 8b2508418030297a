using System.Net;
using System.Text;
using Banyan.Model;
using Banyan.Rules.Tokens;

namespace Banyan.Control.Keys;

/// <summary>One source of keys: where it is, what it said last, and when it is looked at again.</summary>
internal sealed class KeySetSource(string name, string? url, string? file)
{
    private static readonly TimeSpan FileEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);

    private (DateTime Written, long Length)? _stamp;
    private DateTimeOffset _next = DateTimeOffset.MinValue;
    private int _inARow;

    /// <summary>As the compiler names it.</summary>
    public string Name => name;

    /// <summary>For people.</summary>
    public string Place => url ?? file ?? name;

    /// <summary>The last good set; null without.</summary>
    public string? Json { get; set; }

    /// <summary>What was wrong the last time; empty when nothing was, null before the first.</summary>
    public string? Problem { get; private set; }

    /// <summary>Times that it could not be read since this control plane started.</summary>
    public long Failures { get; private set; }

    /// <summary>When it could be read last.</summary>
    public DateTimeOffset? ReadAt { get; private set; }

    /// <summary>Whether it is time to look again.</summary>
    public bool IsDue(DateTimeOffset now) => now >= _next;

    /// <summary>Looks; true when what it says, or what is wrong with it, is another than before.</summary>
    public async Task<bool> LookAsync(HttpClient client, TimeSpan refresh, TimeProvider time, CancellationToken cancel)
    {
        var (before, problemBefore) = (Json, Problem);
        var (bytes, problem) = url is not null ? await FetchAsync(client, url, cancel) : ReadFile();
        var now = time.GetUtcNow();
        if (bytes is null && problem.Length == 0)
        {
            // The file is the one from before.
            _next = now + FileEvery;
            return false;
        }

        if (bytes is not null && SigningKeySet.Reduce(bytes, out problem) is { } json)
        {
            (Json, Problem, ReadAt, _inARow) = (json, problem, now, 0);
            _next = now + (url is null ? FileEvery : Spread(refresh));
        }
        else
        {
            Problem = problem;
            Failures++;
            var wait = FirstRetry * Math.Pow(2, Math.Min(_inARow++, 16));
            _next = now + (url is null ? FileEvery : Spread(wait < refresh ? wait : refresh));
        }

        return Json != before || Problem != problemBefore;
    }

    /// <summary>Many control planes, or many issuers, are not to ask at the same moment.</summary>
    private static TimeSpan Spread(TimeSpan wait) => wait * (0.9 + (Random.Shared.NextDouble() * 0.2));

    private static async Task<(byte[]? Bytes, string Problem)> FetchAsync(
        HttpClient client, string url, CancellationToken cancel)
    {
        try
        {
            using var response = await client.GetAsync(new Uri(url), HttpCompletionOption.ResponseContentRead, cancel);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => (await response.Content.ReadAsByteArrayAsync(cancel), ""),
                >= HttpStatusCode.Moved and < HttpStatusCode.BadRequest =>
                    (null, $"answered {(int)response.StatusCode}; redirects are not followed, write where it leads"),
                var status => (null, $"answered {(int)status}"),
            };
        }
        catch (HttpRequestException exception)
        {
            return (null, exception.InnerException?.Message ?? exception.Message);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (null, "no answer in time");
        }
    }

    private (byte[]? Bytes, string Problem) ReadFile()
    {
        if (file is null)
        {
            return (null, "jwks.file is read for policies that stand in files of the control plane only; write a url");
        }

        try
        {
            var info = new FileInfo(file);
            if (!info.Exists)
            {
                _stamp = null;
                return (null, "there is no such file");
            }

            var stamp = (info.LastWriteTimeUtc, info.Length);
            if (stamp == _stamp)
            {
                return (null, "");
            }

            if (info.Length > TokenLimits.KeySet)
            {
                return (null, $"more than {TokenLimits.KeySet / 1024} KiB");
            }

            var bytes = File.ReadAllBytes(file);
            _stamp = stamp;
            return (bytes, "");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _stamp = null;
            return (null, exception.Message);
        }
    }
}
