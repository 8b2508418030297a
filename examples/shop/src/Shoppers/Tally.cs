namespace Banyan.Examples.Shoppers;

/// <summary>What the visitors have seen until now.</summary>
public sealed class Tally
{
    private long _requests;
    private long _failed;
    private long _orders;
    private long _visits;

    /// <summary>Counts a request.</summary>
    public void Request() => Interlocked.Increment(ref _requests);

    /// <summary>Counts a request that had no answer, or one of 500 and above.</summary>
    public void Failure() => Interlocked.Increment(ref _failed);

    /// <summary>Counts a purchase.</summary>
    public void Order() => Interlocked.Increment(ref _orders);

    /// <summary>Counts somebody who comes in.</summary>
    public void Visit() => Interlocked.Increment(ref _visits);

    /// <summary>The numbers.</summary>
    public object Read() => new
    {
        visits = Interlocked.Read(ref _visits),
        requests = Interlocked.Read(ref _requests),
        orders = Interlocked.Read(ref _orders),
        failed = Interlocked.Read(ref _failed),
    };
}
