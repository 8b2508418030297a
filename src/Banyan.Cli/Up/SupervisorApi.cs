using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banyan.Cli.Up;

/// <summary>The supervisor's own socket: GET /processes, POST /restart?service=NAME, POST /down.</summary>
internal sealed class SupervisorApi : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly string _path;

    private SupervisorApi(WebApplication server, string path)
    {
        _server = server;
        _path = path;
    }

    /// <summary>Listens on the state directory's socket, which only this user may open.</summary>
    public static async Task<SupervisorApi> StartAsync(Supervisor supervisor, StatePaths state)
    {
        // Bound where nobody else can look and moved when its mode is right: there is no moment at which others could connect.
        var path = state.SupervisorSocket;
        var nursery = Path.Combine(Path.GetDirectoryName(path)!, ".u");
        Directory.CreateDirectory(nursery, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var draft = Path.Combine(nursery, "s");
        File.Delete(draft);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.ConfigureKestrel(server => server.ListenUnixSocket(draft));
        var application = builder.Build();
        Map(application, supervisor);
        await application.StartAsync();
        File.SetUnixFileMode(draft, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(draft, path, overwrite: true);
        Directory.Delete(nursery);
        return new SupervisorApi(application, path);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        File.Delete(_path);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _server.StopAsync(limit.Token);
        await _server.DisposeAsync();
    }

    private static void Map(WebApplication application, Supervisor supervisor)
    {
        application.MapGet("/processes", () => Results.Json(supervisor.Report(), JsonSerializerOptions.Web));
        application.MapPost("/down", () =>
        {
            supervisor.AskDown();
            return Results.Json(new { pid = Environment.ProcessId }, JsonSerializerOptions.Web, statusCode: 202);
        });
        application.MapPost("/restart", async (string service, string? ns) =>
        {
            try
            {
                // Not ended with the caller's connection: a replica must not stay half restarted.
                return Results.Json(new { restarted = await supervisor.RestartAsync(service, ns) }, JsonSerializerOptions.Web);
            }
            catch (OperationCanceledException)
            {
                return Results.Problem("the mesh is being stopped", statusCode: 503);
            }
            catch (UserException exception)
            {
                return Results.Problem(exception.Message, statusCode: 409);
            }
        });
    }

    /// <summary>Signals are the command's business, not the web host's.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
