namespace Banyan.Proxy.Http2;

/// <summary>Frames that cost work and carry nothing: each takes tokens, time gives them back, and who runs out is cut off.</summary>
/// <remarks>One bucket for all of them (rapid reset CVE-2023-44487, PING and SETTINGS floods and empty frames CVE-2019-9512,
/// 9515, 9518): an attacker could mix.</remarks>
internal struct FloodGuard
{
    /// <summary>Tokens that may be saved up.</summary>
    internal const int Capacity = 2_000;

    /// <summary>Tokens that come back each second.</summary>
    internal const int PerSecond = 500;

    internal const int PingCost = 5;
    internal const int SettingsCost = 20;
    internal const int ResetCost = 10;
    internal const int EmptyFrameCost = 5;
    internal const int PriorityCost = 1;
    internal const int RefusedCost = 10;
    internal const int IgnoredCost = 2;

    private long _spent;
    private long _lastMs;

    /// <summary>False when the peer has spent more than it may.</summary>
    internal bool Allows(int cost, long nowMs)
    {
        var back = (nowMs - _lastMs) * PerSecond / 1000;
        if (back > 0)
        {
            _spent = Math.Max(0, _spent - back);
            _lastMs = nowMs;
        }

        _spent += cost;
        return _spent <= Capacity;
    }
}
