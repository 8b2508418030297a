using Banyan.Proxy.Xds;
using Banyan.Testing;
using Banyan.Xds;
using Google.Protobuf;
using Xunit;
using static Banyan.Tests.Proxy.Resources;

namespace Banyan.Tests.Proxy.Xds;

/// <summary>Damaged answers of a control plane: refused or taken, never an exception, and a snapshot can always be made.</summary>
[Trait("Category", "Fuzz")]
public sealed class DeltaFuzzTests(ITestOutputHelper output)
{
    private const string Name = "payments.default:80";

    private static readonly byte[][] Corpus =
    [
        Response(Api(Name)),
        Response(Inbound(Name, "127.0.0.1:20001", "127.0.0.1:20002")),
        Response(Outbound("127.0.0.1:20003")),
        Response(Routes(Name, Split("default", (Name, 90), ("other.default:80", 10)))),
        Response(Eds(Name)),
        Response(Static("app:127.0.0.1:20002", "127.0.0.1:20002")),
        Response(Endpoints(Name, "10.0.0.1:80", "10.0.0.2:80")),
    ];

    [Fact]
    public void DamagedAnswersAreRefusedOrTaken() => Fuzz.Run(output.WriteLine, random =>
    {
        var driver = new DiscoveryDriver();
        driver.Discovery.Open();
        driver.Discovery.Want(Name);
        for (var i = random.Next(1, 12); i > 0; i--)
        {
            DeltaDiscoveryResponse response;
            try
            {
                response = DeltaDiscoveryResponse.Parser.ParseFrom(Mutate.Bytes(random, Corpus[random.Next(Corpus.Length)], most: 3));
            }
            catch (Exception error) when (Unreadable.Is(error))
            {
                continue;
            }

            driver.Discovery.Receive(response);
            Assert.Contains(driver.Requests(), request => request.ResponseNonce == response.Nonce);
            Assert.NotNull(driver.Snapshot);
        }
    });

    private static byte[] Response(IMessage message) => new DeltaDiscoveryResponse
    {
        Nonce = "7",
        TypeUrl = Wrap(message).Resource_.TypeUrl,
        Resources = { Wrap(message) },
    }.ToByteArray();
}
