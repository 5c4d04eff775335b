insert into category (id, name, tax_rate) values (1, 'books', 0.070), (2, 'tea', 0.070), (3, 'stationery', 0.190);
insert into product (sku, name, price, category_id) values
    ('BOOK-01', 'A Room with a View', 12.50, 1),
    ('BOOK-02', 'Middlemarch', 14.90, 1),
    ('BOOK-03', 'The Moonstone', 11.20, 1),
    ('BOOK-04', 'Emma', 9.90, 1),
    ('BOOK-05', 'Persuasion', 9.90, 1),
    ('BOOK-06', 'Dracula', 10.40, 1),
    ('BOOK-07', 'Frankenstein', 8.80, 1),
    ('BOOK-08', 'Walden', 13.00, 1),
    ('TEA-01', 'Assam 100 g', 6.40, 2),
    ('TEA-02', 'Darjeeling 100 g', 8.25, 2),
    ('TEA-03', 'Earl Grey 100 g', 5.95, 2),
    ('TEA-04', 'Sencha 100 g', 9.60, 2),
    ('TEA-05', 'Rooibos 100 g', 4.80, 2),
    ('TEA-06', 'Oolong 100 g', 11.90, 2),
    ('PAPER-01', 'Notebook, lined', 4.20, 3),
    ('PAPER-02', 'Notebook, squared', 4.20, 3),
    ('PAPER-03', 'Fountain pen', 24.00, 3),
    ('PAPER-04', 'Ink, blue, 50 ml', 7.50, 3),
    ('PAPER-05', 'Envelopes, 25 pieces', 3.15, 3),
    ('PAPER-06', 'Pencils, 12 pieces', 6.60, 3);
insert into placed_order (number, reference, customer, total) values
    (1, 'seed-1', 'Grace', 38.17), (2, 'seed-2', 'Alan', 61.41);
insert into order_line (order_number, sku, quantity, net) values
    (1, 'BOOK-02', 2, 29.80), (1, 'TEA-03', 1, 5.95),
    (2, 'PAPER-03', 1, 24.00), (2, 'PAPER-04', 2, 15.00), (2, 'BOOK-05', 1, 9.90), (2, 'TEA-05', 1, 4.80);
