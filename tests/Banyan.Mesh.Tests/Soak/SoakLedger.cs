using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Banyan.Mesh.Tests.Soak;

/// <summary>What clients of a soak speak.</summary>
internal enum SoakProtocol
{
    Http1,
    Http2,
    Grpc,
    WebSocket,
    WebSocketHttp2,
    Tcp,
}

/// <summary>Something a client does, from its beginning to its end.</summary>
/// <param name="Protocol">What it speaks.</param>
/// <param name="Id">Goes along with it as text, so that those on the way know what they break.</param>
/// <param name="Begun">By the ledger's clock.</param>
internal sealed record SoakExchange(SoakProtocol Protocol, long Id, TimeSpan Begun)
{
    public const string IdField = "x-soak-id";

    /// <summary>As it travels: sixteen digits.</summary>
    public string IdText { get; } = Id.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>From when on its client hears of a failure: one that speaks HTTP/1.1 reads no answer before all of its body has left.</summary>
    public TimeSpan Listens { get; set; } = Begun;

    public static long Read(string text) => long.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}

/// <summary>
/// Every exchange with its result, and every harm that was done on purpose. A failure is in order only where a harm explains
/// it; a wrong byte and a hang never are. Thread-safe.
/// </summary>
internal sealed class SoakLedger
{
    /// <summary>A failure follows what caused it; behind a connection that stalls it takes longer to be heard of.</summary>
    private static readonly TimeSpan Prompt = TimeSpan.FromSeconds(10);

    /// <summary>A connection that was broken while nobody used it may be taken for good until its end is noticed.</summary>
    private static readonly TimeSpan Unnoticed = TimeSpan.FromSeconds(1);

    private const string Close = "close to a break";

    /// <summary>Kestrel answers streams with ENHANCE_YOUR_CALM while it clears away others, without having processed them, which nobody
    /// can know (RFC 9113 section 7): a few in five minutes of sessions that come and go.</summary>
    private const int MostRefusedSessions = 5;

    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);

    private readonly Func<TimeSpan> _clock;
    private readonly Lock _gate = new();
    private readonly List<Harm> _harms = [];
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly ConcurrentQueue<string> _doubtful = new();
    private long _nextId;
    private int _refusedSessions;

    /// <param name="clock">Tells the time since some moment; by default since now.</param>
    public SoakLedger(Func<TimeSpan>? clock = null)
    {
        var begun = Stopwatch.GetTimestamp();
        _clock = clock ?? (() => Stopwatch.GetElapsedTime(begun));
    }

    /// <summary>What must not be: wrong bytes, hangs, failures without a cause.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    /// <summary>Failures that only the time explains, for whoever wants to know better.</summary>
    public IReadOnlyCollection<string> Doubtful => _doubtful;

    public SoakExchange Begin(SoakProtocol protocol) => new(protocol, Interlocked.Increment(ref _nextId), _clock());

    /// <summary>About to break connections: those that carry <paramref name="ids"/>, or, where null, some that nobody can read.</summary>
    public void Broke(SoakProtocol protocol, string what, IReadOnlySet<long>? ids) => Add(new Harm(protocol, _clock(), ids), what);

    /// <summary>About to take a backend away; what it has under way ends. Dispose of the result when it is back.</summary>
    public IDisposable TookAway(IReadOnlySet<long> ids)
    {
        var harm = new Harm(null, _clock(), ids) { Lasts = true };
        Add(harm, "backend restarts");
        return new Returned(this, harm);
    }

    /// <summary>Its client has said all that it had to say, or could not.</summary>
    public void Listens(SoakExchange exchange) => exchange.Listens = _clock();

    public void Count(string what)
    {
        lock (_gate)
        {
            _counts[what] = _counts.GetValueOrDefault(what) + 1;
        }
    }

    /// <summary>How many exchanges were whole.</summary>
    public int Whole(SoakProtocol protocol)
    {
        lock (_gate)
        {
            return _counts.GetValueOrDefault($"{protocol} done");
        }
    }

    public void Done(SoakExchange exchange) => Count($"{exchange.Protocol} done");

    public void Wrong(SoakExchange exchange, string what) => Complain(exchange, $"WRONG {what}");

    public void Hung(SoakExchange exchange) => Complain(exchange, "HANG");

    public void Failed(SoakExchange exchange, string what)
    {
        if (Explanation(exchange, _clock()) is { } explanation)
        {
            Count($"{exchange.Protocol} broken: {explanation}");
            if (explanation == Close)
            {
                _doubtful.Enqueue(Line(exchange, what));
            }
        }
        else if (exchange.Protocol == SoakProtocol.WebSocketHttp2 && what.Contains("503 reset-before-headers", StringComparison.Ordinal)
            && Interlocked.Increment(ref _refusedSessions) <= MostRefusedSessions)
        {
            Count($"{exchange.Protocol} broken: most likely refused by a busy server");
            _doubtful.Enqueue(Line(exchange, what));
        }
        else
        {
            Complain(exchange, $"UNEXPLAINED {what}");
        }
    }

    /// <summary>How often what happened.</summary>
    public override string ToString()
    {
        lock (_gate)
        {
            return string.Join('\n', _counts.Select(count => $"{count.Key}: {count.Value}"));
        }
    }

    private void Complain(SoakExchange exchange, string what)
    {
        Count($"{exchange.Protocol} {what.Split(' ')[0]}");
        _complaints.Enqueue(Line(exchange, what));
    }

    private string Line(SoakExchange exchange, string what) => string.Create(
        CultureInfo.InvariantCulture,
        $"{_clock().TotalSeconds:0.000} {exchange.Protocol} {exchange.IdText} begun {exchange.Begun.TotalSeconds:0.000}: {what}");

    private void Add(Harm harm, string what)
    {
        lock (_gate)
        {
            _harms.RemoveAll(old => !old.Lasts && old.Until + Remembered < harm.At);
            _harms.Add(harm);
        }

        Count(what);
    }

    private string? Explanation(SoakExchange exchange, TimeSpan now)
    {
        bool IsPrompt(TimeSpan harmed) => now <= (exchange.Listens > harmed ? exchange.Listens : harmed) + Prompt;

        lock (_gate)
        {
            var harms = _harms.Where(harm =>
                (harm.Protocol ?? exchange.Protocol) == exchange.Protocol && harm.At <= now && (harm.Lasts || exchange.Begun <= harm.Until + Unnoticed))
                .ToList();
            if (harms.Exists(harm => harm.Ids?.Contains(exchange.Id) == true))
            {
                return "its own connection or backend";
            }

            if (harms.Exists(harm => harm.Ids is null && exchange.Begun <= harm.At && IsPrompt(harm.At)))
            {
                return "one of the connections that many share";
            }

            if (harms.Exists(harm => harm.Protocol is null && exchange.Begun <= harm.At && IsPrompt(harm.At)))
            {
                return "on its way to a backend that went";
            }

            if (harms.Exists(harm => harm.Protocol is null && exchange.Protocol is SoakProtocol.Tcp or SoakProtocol.WebSocket or SoakProtocol.WebSocketHttp2))
            {
                return "begun while a backend was away";
            }

            // Only pooled connections are broken while they carry nothing. Those of WebSocket are: over HTTP/2 sessions share one, and
            // between sidecars a handshake that was refused gives its connection back.
            return exchange.Protocol != SoakProtocol.Tcp && harms.Exists(harm => IsPrompt(harm.Until)) ? Close : null;
        }
    }

    private sealed class Harm(SoakProtocol? protocol, TimeSpan at, IReadOnlySet<long>? ids)
    {
        public SoakProtocol? Protocol => protocol;

        public TimeSpan At { get; } = at;

        public TimeSpan Until { get; set; } = at;

        public bool Lasts { get; set; }

        public IReadOnlySet<long>? Ids => ids;
    }

    private sealed class Returned(SoakLedger ledger, Harm harm) : IDisposable
    {
        public void Dispose()
        {
            lock (ledger._gate)
            {
                harm.Until = ledger._clock();
                harm.Lasts = false;
            }
        }
    }
}
