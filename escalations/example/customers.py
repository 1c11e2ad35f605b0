"""The customers of the example, with contacts and what they have from us."""

from cases.models import Contact, Customer, Service, Subscription

from . import data


def build(people):
    described = data.read("customers")
    bundles = described["bundles"]
    services = {name: Service.objects.create(name=name) for name in dict.fromkeys(sum(bundles.values(), []))}
    for number, row in enumerate(described["customers"], 1):
        language = row.get("language", "en")
        customer = Customer.objects.create(
            name=row["name"],
            reference=f"K-{3000 + number * 17}",
            tier=row["tier"],
            yearly_value=row["value"],
            language=language,
            time_zone=row["time_zone"],
            account_manager=people.get(row.get("account_manager")),
            is_vulnerable=row.get("vulnerable", False),
            since_on=row["since"],
        )
        Contact.objects.bulk_create(
            Contact(
                customer=customer,
                name=name,
                title=title,
                phone=phone,
                prefers=prefers,
                language=language,
                email=f"contact{position}@{row['domain']}",
            )
            for position, (name, title, phone, prefers) in enumerate(row["contacts"], 1)
        )
        Subscription.objects.bulk_create(
            Subscription(customer=customer, service=services[name], reference=f"S-{number:03}-{place}")
            for place, name in enumerate(bundles[row["about"]], 1)
        )
