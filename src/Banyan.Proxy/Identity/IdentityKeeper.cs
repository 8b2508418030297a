using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Tls;
using Banyan.Proxy.Xds;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;

namespace Banyan.Proxy.Identity;

/// <summary>Gets the identity of this proxy, keeps it and renews it (docs/reference/identity.md). Lives on the housekeeping loop.</summary>
internal sealed class IdentityKeeper : IDisposable
{
    private const long CallMs = 15_000;

    /// <summary>So long a join token that was refused is not shown again.</summary>
    private const long RefusedPauseMs = 60_000;

    private const string MoreTokens = "banyan token create --workload NAMESPACE/NAME makes one";

    private static readonly string[] ControlProtocols = ["h2"];

    private readonly ReactorContext _context;
    private readonly IdentitySettings _settings;
    private readonly IdentityHolder _holder;
    private readonly IdentityFolder? _folder;
    private readonly TlsStage _stage;
    private readonly ProxyLog _log;
    private readonly TimeProvider _time;
    private readonly Gate _pause;
    private readonly Renewal _renewal;
    private TlsContext? _control;
    private IReadOnlyCollection<string>? _denied;
    private string _lastProblem = "";
    private string _refusedToken = "";
    private long _refusedUntil;
    private bool _stopped;

    internal IdentityKeeper(
        ReactorContext context, IdentitySettings settings, IdentityHolder holder, ProxyLog log, TimeProvider time)
    {
        _context = context;
        _settings = settings;
        _holder = holder;
        _log = log;
        _time = time;
        _folder = settings.Folder is { } folder ? new IdentityFolder(folder) : null;
        _stage = new TlsStage(context, new long[TlsRefusals.Count]);
        _pause = new Gate(context.Loop);
        _renewal = new Renewal(time);
    }

    /// <summary>There is no identity that proves anything.</summary>
    internal bool NeedsToJoin => _holder.Current is not { } current || !current.IsValidAt(_time.GetUtcNow());

    /// <summary>Trust domain of the identity; empty without one.</summary>
    internal string TrustDomain => _holder.Current?.TrustDomain ?? "";

    /// <summary>Serials that prove nothing any more.</summary>
    internal DeniedSerials Denied => _holder.Denied;

    /// <summary>Whom this proxy trusts; none without an identity.</summary>
    internal byte[][] Anchors => _holder.Current?.Anchors ?? [];

    /// <summary>Takes up what was kept at the last run, before the loop runs.</summary>
    /// <exception cref="IdentityException">The key is not this proxy's alone.</exception>
    internal void Load()
    {
        var unusable = "";
        var kept = _folder?.Load(out unusable);
        _holder.Deny(_folder?.LoadDenied() ?? []);
        if (kept is not null && kept.Id != _settings.IdIn(kept.TrustDomain))
        {
            unusable = $"it is of {kept.Id}";
        }
        else if (kept is not null && !kept.IsValidAt(_time.GetUtcNow()))
        {
            unusable = $"it is valid from {Certificate.Text(kept.NotBefore)} to {Certificate.Text(kept.NotAfter)}";
        }
        else if (kept is not null)
        {
            Use(kept);
        }

        if (unusable.Length > 0)
        {
            _log.Write(
                LogLevel.Warn, "identity-unusable", "the identity on disk is not used; the proxy joins anew", new LogField("reason", unusable));
        }
    }

    /// <summary>Gets the first certificate by the join token; empty when it is there, else why not.</summary>
    internal async ReactorTask<string> Join(ControlConnector connector, Uri control)
    {
        var problem = await TryJoin(connector, control);
        if (problem.Length > 0 && problem != _lastProblem)
        {
            _log.Write(LogLevel.Error, "join-failed", problem, new LogField("control", control.ToString()));
        }

        _lastProblem = problem;
        return problem;
    }

    /// <summary>Puts TLS on a fresh connection to a control plane; empty when both sides have proved who they are, else why not.</summary>
    internal ReactorTask<string> Secure(Sock sock, Uri control) => Secure(sock, control, _control);

    private async ReactorTask<string> Secure(Sock sock, Uri control, TlsContext? by)
    {
        if (by is null || _holder.Current is not { } identity)
        {
            return "there is no identity yet";
        }

        var connection = new TlsConnection(sock, by, new TlsTarget([ProxyIdentity.ControlPlaneOf(identity.TrustDomain)]));
        return await _stage.Handshake(connection, sock, _context.Loop.NowMs + TlsStage.DefaultTimeoutMs)
            ? ""
            : $"TLS with {control.Authority}: {connection.Reason}";
    }

    /// <summary>Waits until a renewal is due, or a while, and renews. True when there is a new certificate.</summary>
    internal async ReactorTask<bool> RenewWhenDue(ControlConnector connector, Func<Uri> control)
    {
        if (_renewal.DueMs is var due and > 0)
        {
            await _pause.Until(_context.Loop.NowMs + due);
            return false;
        }

        if (_stopped || NeedsToJoin)
        {
            // What has run out proves nothing: the stream's next attempt joins.
            _renewal.Failed();
            return NeedsToJoin && !_stopped;
        }

        var (issued, problem, isFinal) = await Another(connector, control());
        if (issued is not null)
        {
            TakeUp(issued);
            return true;
        }

        _renewal.Failed(isFinal);
        _log.Write(
            _renewal.IsLate(_holder.Current) ? LogLevel.Error : LogLevel.Warn,
            "renewal-failed",
            problem,
            new LogField("ends", Certificate.Text(_holder.Current?.NotAfter ?? 0)));
        return false;
    }

    /// <summary>Another certificate of the own identity, with a key of its own. Without one there is the reason, and whether asking
    /// again would bring the same.</summary>
    /// <param name="connector">The way.</param>
    /// <param name="control">Who is asked.</param>
    /// <param name="proof">What it takes the place of; null for the proxy's own certificate, or for one beside it.</param>
    internal async ReactorTask<(ProxyIdentity? Issued, string Problem, bool IsFinal)> Another(
        ControlConnector connector, Uri control, ProxyIdentity? proof = null)
    {
        var (sock, reason) = await connector.Connect(control);
        if (sock is null)
        {
            return (null, reason, false);
        }

        try
        {
            using var by = proof is null ? null : _holder.Make(proof, TlsRole.Client, ControlProtocols);
            reason = await Secure(sock, control, by ?? _control);
            if (reason.Length > 0)
            {
                return (null, reason, false);
            }

            var client = Http2Client.Start(_context, sock, static _ => { }, sock.Close, isSecure: true);
            var answer = await Certify(client, control, _holder.Current!.Id, token: "", _context.Loop.NowMs + CallMs);
            client.Shutdown();
            return answer;
        }
        catch (TlsException error)
        {
            return (null, error.Message, false);
        }
        finally
        {
            sock.Close();
        }
    }

    /// <summary>The next certificate is due now.</summary>
    internal void RenewNow()
    {
        _renewal.Hurry();
        _pause.Open();
    }

    /// <summary>Trusts these anchors of the own trust domain from now on.</summary>
    /// <exception cref="TlsException">One of them is none.</exception>
    internal void Trust(byte[][] anchors)
    {
        if (_holder.Current is not { } current || SameAnchors(current.Anchors, anchors))
        {
            return;
        }

        var next = current.With(anchors);
        Set(next);
        Keep(next, anchorsAlone: true);
        _log.Write(LogLevel.Info, "trust-changed", "other anchors are trusted", new LogField("anchors", anchors.Length));
    }

    /// <summary>These serials prove nothing from now on, after a restart without a control plane neither.</summary>
    internal void Deny(IReadOnlyCollection<string> serials)
    {
        if (ReferenceEquals(serials, _denied))
        {
            return;
        }

        _denied = serials;
        if (!_holder.Deny(serials))
        {
            return;
        }

        _log.Write(LogLevel.Info, "denials-changed", "other certificates are denied", new LogField("serials", serials.Count));
        Try(() => _folder?.SaveDenied(serials), "the denied serials could not be written; after a restart they are asked for anew");
    }

    /// <summary>No renewal begins any more.</summary>
    internal void Stop()
    {
        _stopped = true;
        _pause.Open(Wait.Cancelled);
    }

    public void Dispose() => _control?.Dispose();

    internal static bool SameAnchors(byte[][] one, byte[][] other) =>
        one.Length == other.Length && Array.TrueForAll(one, each => Array.Exists(other, known => known.AsSpan().SequenceEqual(each)));

    private async ReactorTask<string> TryJoin(ControlConnector connector, Uri control)
    {
        if (ReadToken(out var missing) is not { } token)
        {
            return missing;
        }

        if (token.Text == _refusedToken && _context.Loop.NowMs < _refusedUntil)
        {
            // The same one would be refused for the same reason; another one is tried at once.
            return _lastProblem;
        }

        var (sock, reason) = await connector.Connect(control);
        if (sock is null)
        {
            return reason;
        }

        try
        {
            return await JoinOn(sock, control, token);
        }
        catch (TlsException error)
        {
            return error.Message;
        }
        finally
        {
            sock.Close();
        }
    }

    private JoinToken? ReadToken(out string problem)
    {
        var lack = _holder.Current is { } old ? $"the certificate ran out at {Certificate.Text(old.NotAfter)}" : "there is no identity";
        problem = $"{lack}, and no --join-token to get one with; {MoreTokens}";
        if (_settings.TokenFile is not { } path)
        {
            return null;
        }

        if (!File.Exists(path))
        {
            problem = $"{lack}, and no join token in {path}; {MoreTokens}";
            return null;
        }

        try
        {
            return JoinToken.Read(path, out problem);
        }
        catch (IdentityException error)
        {
            problem = error.Message;
            return null;
        }
    }

    /// <summary>docs/reference/identity.md, "Who joins": nothing of the token leaves before the server has proved who it is.</summary>
    private async ReactorTask<string> JoinOn(Sock sock, Uri control, JoinToken token)
    {
        using var blind = TlsContext.Create(new TlsSettings
        {
            Role = TlsRole.Client,
            Identity = null,
            JudgesLater = true,
            Bundles = new Dictionary<string, byte[][]>(StringComparer.Ordinal),
            Protocols = ControlProtocols,
            Time = _time,
        });
        var connection = new TlsConnection(sock, blind);
        var deadline = _context.Loop.NowMs + CallMs;
        if (!await _stage.Handshake(connection, sock, deadline))
        {
            return $"TLS with {control.Authority}: {connection.Reason}";
        }

        var client = Http2Client.Start(_context, sock, static _ => { }, sock.Close, isSecure: true);
        var (trust, untold, _) = await UnaryCall.Make(
            _context, client, control, GrpcTrailers.FetchTrust, new FetchTrustRequest(), FetchTrustResponse.Parser, deadline);
        if (trust is null)
        {
            return untold;
        }

        if (ControlPlaneCheck.Judge(token, trust, connection.PeerChain, _time, out var trustDomain) is { Length: > 0 } doubt)
        {
            return $"{control.Authority} is not the control plane that the join token names: {doubt}";
        }

        var (issued, problem, isFinal) = await Certify(client, control, _settings.IdIn(trustDomain), token.Text, deadline);
        client.Shutdown();
        if (isFinal)
        {
            (_refusedToken, _refusedUntil) = (token.Text, _context.Loop.NowMs + RefusedPauseMs);
        }

        if (issued is not null)
        {
            TakeUp(issued);
            Forget(_settings.TokenFile!);
        }

        return problem;
    }

    /// <summary>Asks for a certificate of a new key.</summary>
    private async ReactorTask<(ProxyIdentity? Issued, string Problem, bool IsFinal)> Certify(Http2Client client, Uri control, string id, string token, long deadline)
    {
        var key = PrivateKey.Generate();
        var request = new CertifyRequest { Csr = UnsafeByteOperations.UnsafeWrap(PrivateKey.Request(key, id)), JoinToken = token };
        var (answer, problem, isFinal) = await UnaryCall.Make(
            _context, client, control, GrpcTrailers.Certify, request, CertifyResponse.Parser, deadline);
        if (answer is null)
        {
            return (null, problem, isFinal);
        }

        var anchors = answer.Bundles.FirstOrDefault(bundle => id == _settings.IdIn(bundle.TrustDomain))?.Anchors ?? [];
        var identity = ProxyIdentity.Create(
            key, [.. answer.Chain.Select(static der => der.ToByteArray())], [.. anchors.Select(static der => der.ToByteArray())]);
        if (identity.Id != id || !identity.IsValidAt(_time.GetUtcNow()))
        {
            return (null, $"{control.Authority} certified {identity} instead of {id}", false);
        }

        return (identity, "", false);
    }

    private void TakeUp(ProxyIdentity identity)
    {
        Use(identity);
        Keep(identity, anchorsAlone: false);
    }

    private void Use(ProxyIdentity identity)
    {
        Set(identity);
        _renewal.Begin(identity);
        _pause.Open();
        _log.Write(
            LogLevel.Info,
            "identity",
            "the proxy has an identity",
            new LogField("id", identity.Id),
            new LogField("ends", Certificate.Text(identity.NotAfter)));
    }

    private void Set(ProxyIdentity identity)
    {
        _holder.Set(identity);
        _control?.Dispose();
        _control = _holder.Make(identity, TlsRole.Client, ControlProtocols);
    }

    private void Keep(ProxyIdentity identity, bool anchorsAlone) => Try(
        () =>
        {
            if (anchorsAlone)
            {
                _folder?.SaveAnchors(identity);
            }
            else
            {
                _folder?.Save(identity);
            }
        },
        "the identity could not be written; after a restart the proxy needs a join token");

    private void Try(Action write, string problem)
    {
        try
        {
            write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _log.Write(LogLevel.Error, "identity-not-written", problem, new LogField("error", error.Message));
        }
    }

    private void Forget(string token)
    {
        try
        {
            File.Delete(token);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _log.Write(LogLevel.Warn, "join-token-left", "the used join token could not be removed", new LogField("error", error.Message));
        }
    }
}
