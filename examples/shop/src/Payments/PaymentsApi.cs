namespace Banyan.Examples.Payments;

/// <summary>The JSON interface of payments, the same in the monolith and in the extracted service.</summary>
public static class PaymentsApi
{
    /// <summary>Adds the endpoints.</summary>
    public static void MapPayments(this WebApplication app, Ledger ledger)
    {
        app.MapPost("/charge", (ChargeRequest request) => Charge(ledger, request));
        app.MapPost("/refund", (RefundRequest request) => OrNotFound(ledger.GiveBack(request.Key)));
        app.MapGet("/charges", () => ledger.Newest(100));
        app.MapGet("/charges/{key}", (string key) => OrNotFound(ledger.Find(key)));
    }

    private static IResult Charge(Ledger ledger, ChargeRequest request)
    {
        if (string.IsNullOrWhiteSpace(request.Key) || string.IsNullOrWhiteSpace(request.Order)
            || string.IsNullOrWhiteSpace(request.Card) || request.Cents <= 0)
        {
            return Results.Problem("key, order, card and a positive number of cents are needed", statusCode: 400);
        }

        return ledger.Take(request) switch
        {
            null => Results.Problem($"the key {request.Key} was used for another purchase", statusCode: 409),
            { Status: ChargeStatus.Declined } charge => Results.Json(charge, statusCode: 402),
            var charge => Results.Ok(charge),
        };
    }

    private static IResult OrNotFound(Charge? charge) => charge is null ? Results.NotFound() : Results.Ok(charge);
}
